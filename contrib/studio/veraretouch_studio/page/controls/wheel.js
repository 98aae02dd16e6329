import { html, LitElement } from "../vendor/lit.js";
import { t } from "../core/texts.js";
import { vars } from "../core/css.js";

/** @import {Binding, How} from "../core/bindings.js" */
/** @import {Plugin} from "../core/types.js" */

/**
 * The slots of an op that make colour wheels: `x_hue`, an angle, with `x_saturation`.
 * @param {Plugin} op @returns {{stem: string, hue: string, saturation: string}[]}
 */
export function wheelsOf(op) {
  return Object.entries(op.slots)
    .filter(([name, slot]) => name.endsWith("_hue") && slot.kind === "scalar" && slot.period === 360)
    .map(([name]) => ({ stem: name.slice(0, -4), hue: name, saturation: `${name.slice(0, -4)}_saturation` }))
    .filter(({ saturation }) => op.slots[saturation]?.kind === "scalar");
}

/** Hue and saturation in one: a disc whose colours lie as on the HSL wheel, red to the right. */
export class Wheel extends LitElement {
  static properties = { label: {}, hue: { attribute: false }, saturation: { attribute: false }, set: { attribute: false } };

  constructor() {
    super();
    this.label = "";
    /** @type {Binding} */
    this.hue = /** @type {any} */ (null);
    /** @type {Binding} */
    this.saturation = /** @type {any} */ (null);
    /** Both in one step; undefined takes them back to rest. @type {(values: (number|undefined)[], how: How) => void} */
    this.set = () => {};
    this.held = false;
  }

  createRenderRoot() {
    return this;
  }

  render() {
    const hue = Number(this.hue.value);
    const share = Number(this.saturation.value) / Number(this.saturation.slot.high);
    const turn = (hue * Math.PI) / 180;
    const changed = this.hue.changed || this.saturation.changed;
    return html`<div class="wheel ${changed ? "changed" : ""} ${this.hue.lit || this.saturation.lit ? "lit" : ""}">
      <div
        class="wheel-disc"
        role="slider"
        tabindex="0"
        aria-label=${this.label}
        aria-description=${t("wheel.keys")}
        aria-valuemin="0"
        aria-valuemax="100"
        aria-valuenow=${Math.round(100 * share)}
        aria-valuetext=${t("wheel.value", { hue: Math.round(hue), saturation: Math.round(100 * share) })}
        ${vars({ "--x": share * Math.cos(turn), "--y": -share * Math.sin(turn), "--puck": `hsl(${hue} ${Math.round(80 * share)}% 60%)` })}
        @pointerdown=${this.#down}
        @pointermove=${this.#move}
        @pointerup=${this.#up}
        @pointercancel=${this.#up}
        @keydown=${this.#key}
        @dblclick=${this.#reset}
      >
        <span class="wheel-puck" aria-hidden="true"></span>
      </div>
      <div class="wheel-name">
        <span>${this.label}</span>
        <button
          class="quiet reset"
          ?disabled=${!changed}
          aria-label=${t("reset.label", { label: this.label })}
          title=${t("reset")}
          @click=${this.#reset}
        >
          <i class="icon icon-rotate-ccw"></i>
        </button>
      </div>
    </div>`;
  }

  #reset() {
    this.set([undefined, undefined], "done");
  }

  /** @param {PointerEvent} event */
  #down(event) {
    this.held = true;
    this.wandered = false;
    /** @type {Element} */ (event.currentTarget).setPointerCapture(event.pointerId);
  }

  /** @param {PointerEvent} event */
  #move(event) {
    if (!this.held) return;
    this.wandered = true;
    const box = /** @type {Element} */ (event.currentTarget).getBoundingClientRect();
    const x = (event.clientX - box.left - box.width / 2) / (box.width / 2);
    const y = (box.top + box.height / 2 - event.clientY) / (box.height / 2);
    this.#to((Math.atan2(y, x) * 180) / Math.PI, Math.hypot(x, y), "drag");
  }

  /** @param {PointerEvent} event */
  #up(event) {
    if (this.held && this.wandered) {
      this.set([Number(this.hue.value), Number(this.saturation.value)], "done");
    }
    this.held = false;
    event.stopPropagation();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const far = event.shiftKey ? 10 : 1;
    const turn = { ArrowLeft: -far, ArrowRight: far }[event.key] ?? 0;
    const out = { ArrowUp: far / 100, ArrowDown: -far / 100 }[event.key] ?? 0;
    if (event.key === "Delete" || event.key === "Backspace") this.#reset();
    if (!turn && !out) return;
    event.preventDefault();
    const share = Number(this.saturation.value) / Number(this.saturation.slot.high);
    this.#to(Number(this.hue.value) + turn, share + out, "keys");
  }

  /** @param {number} hue degrees @param {number} share of the radius @param {How} how */
  #to(hue, share, how) {
    const most = Number(this.saturation.slot.high);
    const angle = Math.round(((hue % 360) + 360) % 360);
    this.set([angle, Number((Math.min(1, Math.max(0, share)) * most).toFixed(3))], how);
  }
}
customElements.define("studio-wheel", Wheel);
