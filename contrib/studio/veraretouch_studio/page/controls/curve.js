import { html, svg } from "../vendor/lit.js";
import { t } from "../core/texts.js";
import { vars } from "../core/css.js";
import { scalar } from "../core/units.js";
import { heights, measured } from "../picture/measure.js";
import { reset } from "./discrete.js";
import { Control } from "./scalar.js";

const SIDE = 256; // units of the drawing
const REACH = 1.6; // points on either side that a pull takes along
const CHANNEL = /** @type {Record<string, number>} */ ({ red: 0, green: 1, blue: 2 });

/** A curve over the histogram: pull it anywhere, or move its points by keys. */
export class Curve extends Control {
  static properties = { ...Control.properties, point: { state: true } };

  constructor() {
    super();
    this.point = -1;
    this.redraw = () => this.requestUpdate();
  }

  connectedCallback() {
    super.connectedCallback();
    measured.addEventListener("change", this.redraw);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    measured.removeEventListener("change", this.redraw);
  }

  render() {
    const { id, label, slot, changed, lit } = this.binding;
    const values = this.#values();
    const last = values.length - 1;
    const point = this.point < 0 ? Math.round(last / 2) : this.point;
    const name = id.slice(id.lastIndexOf(".") + 1);
    const counts = measured.last?.histograms[CHANNEL[name] ?? 3];
    return html`<div class="curve ${changed ? "changed" : ""} ${lit ? "lit" : ""}">
      <div class="row plain"><span class="name" title=${slot.doc}>${label}</span>${reset(this.binding)}</div>
      <svg
        id=${id}
        viewBox="0 0 ${SIDE} ${SIDE}"
        role="slider"
        tabindex="0"
        aria-label=${label}
        aria-description=${t("curve.keys")}
        aria-valuemin="0"
        aria-valuemax="100"
        aria-valuenow=${Math.round(100 * values[point])}
        aria-valuetext=${t("curve.value", {
          point: point + 1,
          points: values.length,
          from: Math.round((100 * point) / last),
          to: Math.round(100 * values[point]),
        })}
        ${vars({ "--ink": name in CHANNEL ? `var(--band-${name})` : "var(--text)" })}
        @pointerdown=${this.#down}
        @pointermove=${this.#move}
        @pointerup=${this.#up}
        @pointercancel=${this.#up}
        @keydown=${this.#key}
        @dblclick=${() => changed && this.binding.set(undefined, "done")}
      >
        ${counts ? svg`<path class="curve-histogram" d=${area(heights(counts))} />` : ""}
        ${[1, 2, 3].map(
          (n) => svg`<path class="curve-grid" d="M${(n * SIDE) / 4} 0V${SIDE}M0 ${(n * SIDE) / 4}H${SIDE}" />`,
        )}
        <path class="curve-rest" d="M0 ${SIDE}L${SIDE} 0" />
        <path class="curve-line" d=${line(values)} />
        <circle class="curve-point" cx=${(point / last) * SIDE} cy=${SIDE * (1 - values[point])} r="5" />
      </svg>
    </div>`;
  }

  /** @returns {number[]} */
  #values() {
    return this.binding.value ?? this.binding.rest;
  }

  /** @param {PointerEvent} event */
  #place(event) {
    const box = /** @type {Element} */ (event.currentTarget).getBoundingClientRect();
    return { x: (event.clientX - box.left) / box.width, y: 1 - (event.clientY - box.top) / box.height };
  }

  /** @param {PointerEvent} event */
  #down(event) {
    const { x, y } = this.#place(event);
    const from = this.#values();
    this.point = Math.min(from.length - 1, Math.max(0, Math.round(x * (from.length - 1))));
    this.held = { from, y, wandered: false };
    /** @type {Element} */ (event.currentTarget).setPointerCapture(event.pointerId);
  }

  /** @param {PointerEvent} event */
  #move(event) {
    if (!this.held) return;
    const by = this.#place(event).y - this.held.y;
    if (Math.abs(by) > 0.005) this.held.wandered = true;
    if (this.held.wandered) this.#pull(this.held.from, by, event.altKey, "drag");
  }

  #up() {
    const { held } = this;
    this.held = undefined;
    if (held?.wandered) this.binding.set(this.#values(), "done");
  }

  /**
   * Move a point and, less, its neighbours, so that the curve stays smooth.
   * @param {number[]} from @param {number} by @param {boolean} alone @param {import("../core/bindings.js").How} how
   */
  #pull(from, by, alone, how) {
    const { slot, set } = this.binding;
    const share = (/** @type {number} */ i) =>
      i === this.point ? 1 : alone ? 0 : Math.exp(-(((i - this.point) / REACH) ** 2));
    const kept = (/** @type {number} */ value, /** @type {number} */ i) =>
      Math.min(scalar(slot.high, i), Math.max(scalar(slot.low, i), value));
    set(from.map((value, i) => kept(Number((value + by * share(i)).toFixed(4)), i)), how);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const values = this.#values();
    const point = this.point < 0 ? Math.round((values.length - 1) / 2) : this.point;
    const along = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const up = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (event.key === "Delete" || event.key === "Backspace") this.binding.set(undefined, "done");
    if (!along && !up) return;
    event.preventDefault();
    this.point = along ? Math.min(values.length - 1, Math.max(0, point + along)) : point;
    if (up) this.#pull(values, up * 0.01 * (event.shiftKey ? 10 : 1), event.altKey, "keys");
  }
}
customElements.define("studio-curve", Curve);

/** A smooth path through evenly spaced values: cubic pieces with monotone slopes. @param {number[]} values */
function line(values) {
  const step = SIDE / (values.length - 1);
  const rise = values.slice(1).map((value, i) => value - values[i]);
  const slope = values.map((_, i) => {
    if (i === 0) return rise[0];
    if (i === values.length - 1) return rise[i - 1];
    return rise[i - 1] * rise[i] <= 0 ? 0 : (2 * rise[i - 1] * rise[i]) / (rise[i - 1] + rise[i]);
  });
  const y = (/** @type {number} */ value) => (SIDE * (1 - value)).toFixed(1);
  let path = `M0 ${y(values[0])}`;
  for (let i = 1; i < values.length; i += 1) {
    const a = `${((i - 2 / 3) * step).toFixed(1)} ${y(values[i - 1] + slope[i - 1] / 3)}`;
    const b = `${((i - 1 / 3) * step).toFixed(1)} ${y(values[i] - slope[i] / 3)}`;
    path += `C${a} ${b} ${(i * step).toFixed(1)} ${y(values[i])}`;
  }
  return path;
}

/** @param {number[]} shares from 0 to 1 */
function area(shares) {
  const points = shares.map((share, i) => `L${((i * SIDE) / 255).toFixed(1)} ${(SIDE * (1 - 0.9 * share)).toFixed(1)}`);
  return `M0 ${SIDE}${points.join("")}L${SIDE} ${SIDE}Z`;
}
