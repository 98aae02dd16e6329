import { html, LitElement } from "../vendor/lit.js";
import { t } from "../core/texts.js";
import { vars } from "../core/css.js";

/** The line between before and after: dragged by mouse or finger, moved by keys, told as a slider. */
export class Divider extends LitElement {
  static properties = { at: { type: Number }, low: { type: Number }, high: { type: Number } };

  constructor() {
    super();
    /** Its place, as a share of the stage's width. */
    this.at = 0.5;
    /** Where the photo begins and ends, as shares: the keys move it within. */
    this.low = 0;
    this.high = 1;
  }

  createRenderRoot() {
    return this;
  }

  /** The share of the photo that shows before. */
  get share() {
    return Math.min(1, Math.max(0, (this.at - this.low) / Math.max(1e-6, this.high - this.low)));
  }

  render() {
    const percent = Math.round(100 * this.share);
    return html`<div
      class="divider"
      role="slider"
      tabindex="0"
      aria-orientation="horizontal"
      aria-label=${t("divider.label")}
      aria-valuemin="0"
      aria-valuemax="100"
      aria-valuenow=${percent}
      aria-valuetext=${t("divider.value", { before: percent, after: 100 - percent })}
      ${vars({ "--at": this.at })}
      @pointerdown=${this.#down}
      @pointermove=${this.#move}
      @pointerup=${this.#up}
      @pointercancel=${this.#up}
      @keydown=${this.#key}
    >
      <span class="divider-grip" aria-hidden="true"></span>
    </div>`;
  }

  /** @param {PointerEvent} event */
  #down(event) {
    const knob = /** @type {HTMLElement} */ (event.currentTarget);
    knob.setPointerCapture(event.pointerId);
    knob.focus({ preventScroll: true });
    this.held = event.pointerId;
    event.preventDefault();
    event.stopPropagation();
  }

  /** @param {PointerEvent} event */
  #move(event) {
    if (this.held !== event.pointerId) return;
    const stage = /** @type {HTMLElement} */ (this.parentElement).getBoundingClientRect();
    this.#to((event.clientX - stage.left) / stage.width);
    event.stopPropagation();
  }

  #up() {
    this.held = undefined;
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const step = (event.shiftKey ? 0.1 : 0.01) * (this.high - this.low);
    const to = {
      ArrowLeft: this.at - step,
      ArrowDown: this.at - step,
      ArrowRight: this.at + step,
      ArrowUp: this.at + step,
      PageUp: this.at + 10 * step,
      PageDown: this.at - 10 * step,
      Home: this.low,
      End: this.high,
    }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    this.#to(Math.min(this.high, Math.max(this.low, to)));
  }

  /** @param {number} at */
  #to(at) {
    this.at = Math.min(1, Math.max(0, at));
    this.dispatchEvent(new CustomEvent("moved", { detail: this.at, bubbles: true }));
  }
}
customElements.define("studio-divider", Divider);
