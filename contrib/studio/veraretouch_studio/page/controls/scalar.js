import { html, LitElement } from "../vendor/lit.js";
import { scalar, shown, stepOf, typed, unitSign } from "../core/units.js";
import "./slider.js";

/** @import {Binding} from "../core/bindings.js" */

/** A control of one slot: it shows a binding, and holds nothing itself. */
export class Control extends LitElement {
  static properties = { binding: { attribute: false } };

  constructor() {
    super();
    /** @type {Binding} */
    this.binding = /** @type {any} */ (null);
  }

  createRenderRoot() {
    return this;
  }
}

/** One number, or a whole one. */
export class Scalar extends Control {
  render() {
    return html`<studio-slider .of=${slid(this.binding)}></studio-slider>`;
  }
}
customElements.define("studio-scalar", Scalar);

/** What a slider of a scalar slot shows. @param {Binding} binding @returns {import("./slider.js").Slid} */
export function slid({ id, label, slot, value, rest, changed, lit, set }) {
  const low = scalar(slot.low ?? -1);
  const high = scalar(slot.high ?? 1);
  const step = slot.kind === "whole" ? 1 : stepOf(low, high);
  return {
    id,
    label,
    doc: slot.doc,
    value: Number(value ?? 0),
    rest: Number(rest ?? 0),
    low,
    high,
    step,
    changed,
    lit,
    track: trackOf(id, slot.period),
    sign: unitSign(slot),
    shown: (number) => shown(slot, number, step),
    typed: (text) => rounded(typed(slot, text), slot.kind === "whole"),
    set,
  };
}

/** @param {number|null} number @param {boolean} whole */
const rounded = (number, whole) => (number !== null && whole ? Math.round(number) : number);

/** The class of a track whose ends are colours. @param {string} id @param {number|null} [period] */
function trackOf(id, period) {
  const name = id.slice(id.lastIndexOf(".") + 1);
  if (period === 360 && name.includes("hue")) return "track-hue";
  if (name === "temperature" || name === "tint") return `track-${name}`;
  return "";
}
