import { html } from "../vendor/lit.js";
import { named } from "../core/texts.js";
import { same } from "../core/plan.js";
import { scalar, shown, stepOf, typed, unitSign } from "../core/units.js";
import { reset } from "./discrete.js";
import { Control } from "./scalar.js";

const HUES = ["red", "orange", "yellow", "green", "aqua", "blue", "purple", "magenta"];
const CHANNELS = ["red", "green", "blue"];

/** Several numbers of one kind, a slider each: bands of hue, channels, or numbered ones. */
export class Bands extends Control {
  render() {
    const { label, slot, value, rest } = this.binding;
    const values = /** @type {number[]} */ (value ?? rest);
    const names = values.length === 8 ? HUES : values.length === 3 ? CHANNELS : null;
    return html`<fieldset class="bands">
      <legend title=${slot.doc}>
        <span>${label}</span>
        ${reset(this.binding)}
      </legend>
      ${values.map((_, place) => html`<studio-slider .of=${this.#slid(values, place, names?.[place])}></studio-slider>`)}
    </fieldset>`;
  }

  /** @param {number[]} values @param {number} place @param {string} [name] @returns {import("./slider.js").Slid} */
  #slid(values, place, name) {
    const { id, slot, rest, lit, set } = this.binding;
    const low = scalar(slot.low, place);
    const high = scalar(slot.high, place);
    const step = stepOf(low, high);
    const own = scalar(rest, place);
    return {
      id: `${id}.${place}`,
      label: name ? named("band", name) : String(place + 1),
      doc: slot.doc,
      value: values[place],
      rest: own,
      low,
      high,
      step,
      changed: !same(values[place], own),
      lit,
      track: name ? "track-band" : "",
      colour: name ? `var(--band-${name})` : "",
      sign: unitSign(slot),
      shown: (number) => shown(slot, number, step),
      typed: (text) => typed(slot, text),
      set: (number, how) => set(values.map((each, i) => (i === place ? (number ?? own) : each)), how),
    };
  }
}
customElements.define("studio-bands", Bands);
