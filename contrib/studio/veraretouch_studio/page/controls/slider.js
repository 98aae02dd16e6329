import { html, live, LitElement } from "../vendor/lit.js";
import { vars } from "../core/css.js";
import { t } from "../core/texts.js";
import { fieldText } from "./field.js";

/** @import {How} from "../core/bindings.js" */

/**
 * @typedef {Object} Slid
 * @property {string} id
 * @property {string} label
 * @property {string} [doc]
 * @property {number} value
 * @property {number} rest
 * @property {number} low
 * @property {number} high
 * @property {number} step
 * @property {boolean} changed
 * @property {boolean} [lit]
 * @property {string} [track] a class of the track: what its ends mean, in colours
 * @property {string} [colour] of the track
 * @property {string} [sign] the unit beside the number
 * @property {(value: number) => string} shown
 * @property {(text: string) => number|null} typed
 * @property {(value: number|undefined, how: How) => void} set undefined takes it back to rest
 */

/** A row: name, slider, number that can be typed, and a button that takes it back to rest. */
export class Slider extends LitElement {
  static properties = { of: { attribute: false } };

  constructor() {
    super();
    /** @type {Slid} */
    this.of = /** @type {any} */ (null);
    this.keyed = false;
  }

  createRenderRoot() {
    return this;
  }

  render() {
    const { id, label, doc, value, rest, low, high, step, changed, lit, track, colour, sign, shown } = this.of;
    const share = (/** @type {number} */ at) => Math.min(1, Math.max(0, (at - low) / (high - low || 1)));
    const from = Math.min(share(value), share(rest));
    const to = Math.max(share(value), share(rest));
    const number = shown(value);
    return html`<div
      class="row slider ${changed ? "changed" : ""} ${lit ? "lit" : ""} ${track ?? ""}"
      ${vars({ "--from": from, "--to": to, "--band": colour ?? "transparent" })}
    >
      <label for=${id} title=${doc ?? ""} @dblclick=${this.#reset}>${label}</label>
      <input
        id=${id}
        type="range"
        min=${low}
        max=${high}
        step=${step}
        .value=${live(String(value))}
        aria-valuetext=${`${number} ${sign ?? ""}`.trim()}
        aria-description=${doc ?? ""}
        @pointerdown=${() => (this.keyed = false)}
        @keydown=${this.#key}
        @input=${this.#input}
        @change=${this.#change}
        @dblclick=${this.#reset}
      />
      <span class="number">
        <input
          type="text"
          inputmode="decimal"
          autocomplete="off"
          .value=${fieldText(number)}
          aria-label=${t("number.label", { label, unit: sign ?? "" }).trim()}
          @keydown=${this.#numberKey}
          @change=${this.#type}
          @focus=${this.#select}
        />${sign ? html`<span class="unit" aria-hidden="true">${sign}</span>` : ""}
      </span>
      <button
        class="quiet reset"
        ?disabled=${!changed}
        aria-label=${t("reset.label", { label })}
        title=${t("reset")}
        @click=${this.#reset}
      >
        <i class="icon icon-rotate-ccw"></i>
      </button>
    </div>`;
  }

  /** @param {number} value @param {How} how */
  #set(value, how) {
    const { low, high } = this.of;
    this.of.set(Math.min(high, Math.max(low, value)), how);
  }

  #reset() {
    if (this.of.changed) this.of.set(undefined, "done");
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    this.keyed = true;
    const way = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
    if (event.key === "Delete" || event.key === "Backspace") this.#reset();
    if (!way || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    this.#set(this.#stepped(way * (event.shiftKey ? 10 : 1)), "keys");
  }

  /** The value some steps on, on the grid of the step. @param {number} steps */
  #stepped(steps) {
    const { value, step } = this.of;
    return Number((Math.round(value / step + steps) * step).toPrecision(10));
  }

  /** @param {Event} event */
  #input(event) {
    this.#set(Number(/** @type {HTMLInputElement} */ (event.target).value), this.keyed ? "keys" : "drag");
  }

  /** @param {Event} event */
  #change(event) {
    if (!this.keyed) this.#set(Number(/** @type {HTMLInputElement} */ (event.target).value), "done");
  }

  /** @param {KeyboardEvent} event */
  #numberKey(event) {
    const way = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (way) {
      event.preventDefault();
      this.#set(this.#stepped(way * (event.shiftKey ? 10 : 1)), "keys");
    }
    if (event.key === "Escape") {
      const field = /** @type {HTMLInputElement} */ (event.target);
      field.value = this.of.shown(this.of.value);
      field.blur();
    }
  }

  /** @param {Event} event */
  #type(event) {
    const text = /** @type {HTMLInputElement} */ (event.target).value.trim();
    const value = this.of.typed(text);
    if (text === "") this.#reset();
    else if (value !== null) this.#set(value, "done");
    this.requestUpdate();
  }

  /** @param {Event} event */
  #select(event) {
    /** @type {HTMLInputElement} */ (event.target).select();
  }
}
customElements.define("studio-slider", Slider);
