import { html, svg } from "../vendor/lit.js";
import { brush } from "../tools/brush.js";
import { Part } from "../core/part.js";
import { simplified, withStroke } from "../tools/strokes.js";
import { t } from "../core/texts.js";
import { Film } from "../tools/film.js";

/** @import {Viewport} from "../core/viewport.js" */
/** @import {Stage} from "./stage.js" */
/** @typedef {{x: number, y: number}} Point shares of the photo's width and height */
/**
 * @typedef {{points: Point[], radius: number, hardness: number, flow: number, erases: boolean, request: number}} Stroke
 */

const APART = 1.5; // CSS pixels between the points that are kept while painting,
const WIDE = 0.04; // or so much of the radius where that is more
const EXACT = 0.02; // of the radius: how far the finished line may be from the drawn one
const STEP = 0.01; // shares, by a key

/** The brush on the picture: its ring, and the film of what it paints until that is rendered. */
export class Brush extends Part {
  static properties = {
    ...Part.properties,
    viewport: { attribute: false },
    side: { type: Boolean },
    at: { state: true },
  };

  constructor() {
    super();
    /** @type {Viewport} */
    this.viewport = /** @type {any} */ (null);
    this.side = false;
    /** Where the ring is; null where no pointer is over the picture. @type {Point|null} */
    this.at = null;
    /** @type {Stroke|null} */
    this.stroke = null;
    /** Whether Alt is held: it erases in place of painting, or the other way round. */
    this.otherwise = false;
    /** Strokes that are not rendered yet. @type {Stroke[]} */
    this.waiting = [];
    this.moved = () => this.#refilm();
  }

  connectedCallback() {
    super.connectedCallback();
    brush.addEventListener("change", this.redraw);
  }

  firstUpdated() {
    this.film = new Film(/** @type {HTMLCanvasElement} */ (this.querySelector("canvas")));
    this.viewport.addEventListener("change", this.moved);
    this.#refilm();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    brush.removeEventListener("change", this.redraw);
    this.viewport.removeEventListener("change", this.moved);
  }

  /** @returns {Stage} */
  get stage() {
    return /** @type {any} */ (this.closest("studio-stage"));
  }

  /** How many pixels of the screen the photo's long side takes. */
  get long() {
    const { photo, scale, ratio } = this.viewport;
    return (Math.max(photo.width, photo.height) * scale) / ratio;
  }

  /** CSS pixels of a place of the photo. @param {Point} at */
  #css({ x, y }) {
    const { photo, ratio, view } = this.viewport;
    const at = this.viewport.toView(x * photo.width, y * photo.height);
    return { x: (at.x + (this.side ? view.width : 0)) / ratio, y: at.y / ratio };
  }

  /** The place of the photo that is pointed at. @param {PointerEvent} event @returns {Point} */
  #place(event) {
    const at = this.stage.place(event);
    const { x, y } = this.viewport.toPhoto(at.x, at.y);
    const { width, height } = this.viewport.photo;
    return { x: x / width, y: y / height };
  }

  render() {
    const middle = this.at ?? { x: 0.5, y: 0.5 };
    const { x, y } = this.#css(middle);
    const radius = brush.radius * this.long;
    const percent = (/** @type {number} */ share) => Math.round(100 * share);
    const facts = {
      x: percent(middle.x),
      y: percent(middle.y),
      size: (200 * brush.radius).toFixed(1),
      hardness: percent(brush.hardness),
    };
    const erases = this.stroke?.erases ?? (this.store.tool === "erase") !== this.otherwise;
    return html`<canvas class="film" aria-hidden="true"></canvas>
      <svg class="brush" role="group" aria-label=${t("brush")}>
        ${svg`<g
          class="ring ${this.at ? "" : "resting"} ${erases ? "erases" : ""}"
          role="slider"
          tabindex="0"
          aria-label=${t(erases ? "brush.erase" : "brush.paint")}
          aria-description=${t("brush.keys")}
          aria-valuemin="0"
          aria-valuemax="100"
          aria-valuenow=${facts.x}
          aria-valuetext=${t("brush.value", facts)}
          @focus=${() => (this.at ??= middle)}
          @keydown=${this.#key}
        >
          <circle class="ring-outer" cx=${x} cy=${y} r=${radius} />
          <circle class="ring-inner" cx=${x} cy=${y} r=${radius * brush.hardness} />
          <circle class="ring-middle" cx=${x} cy=${y} r="1.5" />
        </g>`}
      </svg>`;
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const step = STEP * (event.shiftKey ? 10 : 1);
    const [dx, dy] = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[
      event.key
    ] ?? [0, 0];
    const dabs = event.key === "Enter" || event.key === " ";
    if ((!dx && !dy && !dabs) || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    const { x, y } = this.at ?? { x: 0.5, y: 0.5 };
    this.at = { x: Math.min(1, Math.max(0, x + dx)), y: Math.min(1, Math.max(0, y + dy)) };
    if (!dabs) return;
    this.#begin(this.at, event.altKey);
    this.#end();
  }

  /** Where the pointer is, without painting. @param {PointerEvent|null} event */
  hover(event) {
    this.at = event && this.#place(event);
    this.otherwise = !!event?.altKey;
  }

  /** @param {PointerEvent} event */
  down(event) {
    this.hover(event);
    this.#begin(this.#place(event), event.altKey);
  }

  /** @param {Point} at @param {boolean} otherwise whether it erases in place of painting, or the other way round */
  #begin(at, otherwise) {
    const { radius, hardness, flow } = brush;
    const erases = (this.store.tool === "erase") !== otherwise;
    this.stroke = { points: [at], radius, hardness, flow, erases, request: 0 };
    this.#filmed(this.stroke, 0);
  }

  /** @param {PointerEvent} event */
  move(event) {
    this.hover(event);
    const { stroke } = this;
    if (!stroke) return;
    const apart = Math.max(APART, WIDE * stroke.radius * this.long);
    const more = event.getCoalescedEvents?.() ?? [];
    for (const each of more.length ? more : [event]) {
      const at = this.#place(each);
      const [a, b] = [this.#css(at), this.#css(/** @type {Point} */ (stroke.points.at(-1)))];
      if (Math.hypot(a.x - b.x, a.y - b.y) < apart) continue;
      stroke.points.push(at);
      this.#filmed(stroke, stroke.points.length - 1);
    }
  }

  up() {
    this.#end();
  }

  /** What was begun is no stroke: a second finger came. */
  cancel() {
    this.stroke = null;
    this.#refilm();
  }

  #end() {
    const { stroke, store } = this;
    this.stroke = null;
    if (!stroke || store.area === null) return;
    const { width, height } = this.viewport.photo;
    const long = Math.max(width, height);
    const line = stroke.points.map(({ x, y }) => ({ x: (x * width) / long, y: (y * height) / long }));
    const kept = simplified(line, EXACT * stroke.radius).map(({ x, y }) => [(x * long) / width, (y * long) / height]);
    const rows = kept.map(([x, y], i) => [
      ...[x, y].map((share) => Number(Math.min(2, Math.max(-1, share)).toFixed(5))),
      Number(stroke.radius.toFixed(5)),
      Number(stroke.hardness.toFixed(3)),
      Number(stroke.flow.toFixed(3)),
      i ? 1 : 0,
    ]);
    const plan = withStroke(store.plan, store.area, rows, stroke.erases, this.viewport.photo, store.schema);
    if (!plan) {
      store.announce(t("brush.full"), true);
      return this.#refilm();
    }
    store.change(plan, t(stroke.erases ? "step.erase" : "step.paint", { name: store.area }));
    this.waiting.push({ ...stroke, request: this.stage.asked });
  }

  /**
   * A picture is drawn: strokes that it shows need no film any more.
   * @param {number} request the one that it answers
   */
  drawn(request) {
    const before = this.waiting.length;
    this.waiting = this.waiting.filter((stroke) => stroke.request > request);
    if (before !== this.waiting.length) this.#refilm();
  }

  /** Film the strokes that are under way anew. */
  #refilm() {
    this.requestUpdate();
    if (!this.film) return;
    const { view, ratio } = this.viewport;
    this.film.clear(Math.round(((this.side ? 2 : 1) * view.width) / ratio), Math.round(view.height / ratio));
    for (const stroke of [...this.waiting, ...(this.stroke ? [this.stroke] : [])]) {
      stroke.points.forEach((_, i) => this.#filmed(stroke, i));
    }
  }

  /** @param {Stroke} stroke @param {number} i the point that the line leads to */
  #filmed({ points, radius, hardness, flow, erases }, i) {
    const dab = (/** @type {Point} */ at) => ({ ...this.#css(at), radius: radius * this.long, hardness, flow });
    this.film?.line(dab(points[Math.max(0, i - 1)]), dab(points[i]), erases);
  }
}
customElements.define("studio-brush", Brush);
