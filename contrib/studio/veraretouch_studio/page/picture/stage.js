import { html } from "../vendor/lit.js";
import { Part } from "../core/part.js";
import { t } from "../core/texts.js";
import { Viewport } from "../core/viewport.js";
import { unframed, wholeFrame } from "../tools/cropping.js";
import { maskPlan } from "../core/masks.js";
import { same } from "../core/plan.js";
import { gestures } from "./gestures.js";
import { Renderer } from "./gl.js";
import { measure, measured } from "./measure.js";
import { PhotoPixels } from "./pixels.js";
import { Source } from "./source.js";
import "./brush.js";
import "./crop.js";
import "./divider.js";
import "./handles.js";

/** @import {Pane, Layer} from "./gl.js" */
/** @import {Plan} from "../core/types.js" */

const MEASURED = 320; // long side of what histograms count
const MEASURE_EVERY = 80; // milliseconds
const REST = 4; // of the time that counting took, until it counts again: a slow graphics card is left to the picture

/** The picture: canvas, divider, handles of areas, and the viewport that they share. */
export class Stage extends Part {
  static properties = { ...Part.properties, compare: { type: String }, handles: { type: Boolean } };

  constructor() {
    super();
    this.viewport = new Viewport();
    /** off, split (a divider) or side (side by side). */
    this.compare = "off";
    /** Whether the chosen area can be dragged. */
    this.handles = false;
    this.at = 0.5;
    this.holding = false;
    this.clipping = false;
    this.masked = false;
    /** Whether dragging pans, although a tool is at hand. */
    this.panning = false;
    /** @type {Plan|undefined} */
    this.previewed = undefined;
    /** What is said to be left and right; undefined for before and after. @type {string[]|undefined} */
    this.names = undefined;
    /** @type {PhotoPixels|null} */
    this.pixels = null;
    /** @type {Source|null} */
    this.edited = null;
    /** @type {Source|null} */
    this.original = null;
    /** @type {Source|null} */
    this.second = null;
    this.drawing = 0;
    this.measuring = 0;
    this.pause = MEASURE_EVERY;
    this.viewport.addEventListener("change", () => this.#moved());
    this.opened = () => this.#open();
    this.told = (/** @type {any} */ event) => event.detail === "plan" && this.#planned();
    /** Whether all of the photo is shown, to be framed. */
    this.whole = false;
    /** The plan that is shown while it is. @type {Plan|null|undefined} */
    this.unframed = undefined;
  }

  connectedCallback() {
    super.connectedCallback();
    this.store.addEventListener("open", this.opened);
    this.store.addEventListener("change", this.told);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.store.removeEventListener("open", this.opened);
    this.store.removeEventListener("change", this.told);
    this.sizes?.disconnect();
    this.#close();
  }

  render() {
    const { photo } = this.store;
    const split = this.compare === "split" && !this.holding;
    const side = this.compare === "side" && !this.holding;
    const names = this.holding ? [t("before"), ""] : (this.names ?? [t("before"), t("after")]);
    const compare = this.holding ? "hold" : this.compare;
    return html`<div class="stage" data-compare=${compare} data-tool=${this.#paints && !this.panning ? "brush" : ""}>
      <canvas class="picture" role="img" aria-label=${photo ? t("picture.label", photo) : ""}></canvas>
      ${this.handles && !this.#paints
        ? html`<studio-handles .store=${this.store} .viewport=${this.viewport} .side=${side}></studio-handles>`
        : ""}
      ${this.whole ? html`<studio-crop .store=${this.store} .viewport=${this.viewport}></studio-crop>` : ""}
      ${this.#paints
        ? html`<studio-brush .store=${this.store} .viewport=${this.viewport} .side=${side}></studio-brush>`
        : ""}
      ${split
        ? html`<studio-divider .at=${this.at} .low=${this.#edge(0)} .high=${this.#edge(1)} @moved=${this.#divide}>
          </studio-divider>`
        : ""}
      ${side ? html`<span class="seam"></span>` : ""}
      ${split || side || this.holding
        ? html`<span class="tag tag-left">${names[0]}</span>
            ${names[1] ? html`<span class="tag tag-right">${names[1]}</span>` : ""}`
        : ""}
      ${this.lost ? html`<p class="stage-problem" role="alert">${this.lost}</p>` : ""}
    </div>`;
  }

  firstUpdated() {
    const canvas = /** @type {HTMLCanvasElement} */ (this.querySelector("canvas"));
    const stage = /** @type {HTMLElement} */ (this.querySelector(".stage"));
    this.canvas = canvas;
    this.#start();
    canvas.addEventListener("webglcontextlost", (event) => event.preventDefault());
    canvas.addEventListener("webglcontextrestored", () => {
      this.#start();
      void this.#open();
    });
    gestures(stage, {
      viewport: this.viewport,
      place: (event) => this.place(event),
      hover: (at) => this.#hover(at),
      tool: () => (this.panning ? null : /** @type {any} */ (this.querySelector("studio-brush"))),
    });
    this.sizes = new ResizeObserver(() => this.#resize());
    this.sizes.observe(stage);
    this.#resize();
    if (this.store.photo) void this.#open();
  }

  /** Whether the pointer paints. */
  get #paints() {
    return this.store.area !== null && (this.store.tool === "paint" || this.store.tool === "erase");
  }

  /** The number of the newest request for the edited picture. */
  get asked() {
    return this.edited?.latest.number ?? 0;
  }

  #start() {
    try {
      this.renderer = new Renderer(/** @type {HTMLCanvasElement} */ (this.canvas));
      this.dispatchEvent(new CustomEvent("space", { detail: this.renderer.space, bubbles: true }));
    } catch {
      this.lost = t("webgl.missing");
      this.requestUpdate();
    }
  }

  #resize() {
    const box = /** @type {HTMLElement} */ (this.querySelector(".stage")).getBoundingClientRect();
    const ratio = devicePixelRatio;
    const width = Math.max(1, Math.round(box.width * ratio));
    const height = Math.max(1, Math.round(box.height * ratio));
    const canvas = /** @type {HTMLCanvasElement} */ (this.canvas);
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
    }
    this.viewport.resize(this.compare === "side" ? Math.floor(width / 2) : width, height, ratio);
    this.#draw();
  }

  #close() {
    for (const each of [this.edited, this.original, this.second, this.pixels]) each?.close();
    this.edited = this.original = this.second = this.pixels = null;
  }

  /** The photo as the plan's frame shows it; all of it while it is framed. */
  get #subject() {
    const { photo, plan } = this.store;
    if (!photo || !this.whole) return photo;
    const frame = wholeFrame(plan?.frame);
    return { ...photo, ...photo.whole, frame: frame ? JSON.stringify(frame) : "" };
  }

  #planned() {
    if (this.whole && this.pixels && this.pixels.photo.frame !== this.#subject?.frame) this.#open();
    else this.show();
  }

  #open() {
    this.whole = this.store.tool === "frame";
    this.unframed = undefined;
    this.viewport.locked = this.whole;
    const photo = this.#subject;
    if (!this.renderer || !photo) return;
    this.#close();
    this.names = undefined;
    this.previewed = undefined;
    this.viewport.open(photo.width, photo.height);
    this.pixels = new PhotoPixels(this.renderer, photo, (error) => this.store.report(error));
    this.pixels.addEventListener("change", () => this.#changed());
    this.pixels.prepare(this.viewport);
    this.edited = this.#source();
    this.show();
    this.#originals();
  }

  #source() {
    const report = (/** @type {unknown} */ error) => this.store.report(error);
    const source = new Source(/** @type {any} */ (this.renderer), /** @type {any} */ (this.pixels), report);
    source.addEventListener("change", () => this.#changed());
    return source;
  }

  /** What comparing needs, once it is asked for. */
  #originals() {
    if (!this.pixels || (this.compare === "off" && !this.holding)) return;
    if (!this.original) {
      this.original = this.#source();
      this.original.show(null, false, this.viewport);
    }
  }

  /** Show the store's plan, the mask of the area that is chosen, or a plan that is only looked at. */
  show() {
    if (!this.edited) return;
    const { plan, dragging, area, schema } = this.store;
    if (this.whole && this.pixels) {
      const seen = unframed(plan, this.pixels.photo, schema);
      if (this.unframed === undefined || !same(seen, this.unframed)) this.edited.show(seen, dragging, this.viewport);
      this.unframed = seen;
      return;
    }
    const mask = this.masked && area !== null ? maskPlan(plan, area, schema) : null;
    this.edited.show(mask ?? this.previewed ?? plan, dragging, this.viewport);
  }

  /** Look at a plan that is not the photo's; undefined goes back to that. @param {Plan|undefined} plan */
  preview(plan) {
    this.previewed = plan;
    this.show();
  }

  /** @param {string} compare */
  setCompare(compare) {
    this.compare = compare;
    this.#originals();
    this.#resize();
  }

  /**
   * Compare with another plan in place of the photo as it is.
   * @param {Plan|undefined} plan @param {string[]} [names] what is said to be left and right
   */
  setOther(plan, names) {
    this.second?.close();
    this.second = null;
    this.names = names;
    if (plan && this.pixels) {
      this.second = this.#source();
      this.second.show(plan, false, this.viewport);
    }
    this.requestUpdate();
    this.#draw();
  }

  /** @param {boolean} on */
  hold(on) {
    this.holding = on;
    this.#originals();
    this.requestUpdate();
    this.#draw();
  }

  /** Whether dragging pans in place of what the tool does. @param {boolean} on */
  setPanning(on) {
    this.panning = on;
    this.requestUpdate();
  }

  /** @param {boolean} on */
  setClipping(on) {
    this.clipping = on;
    this.#draw();
  }

  /** @param {boolean} on */
  setMask(on) {
    this.masked = on;
    this.show();
  }

  #moved() {
    this.pixels?.prepare(this.viewport);
    for (const source of [this.edited, this.original, this.second]) source?.follow(this.viewport);
    this.requestUpdate();
    this.#draw();
    this.dispatchEvent(new CustomEvent("viewport", { bubbles: true }));
  }

  #changed() {
    this.#draw();
    if (this.measuring) return;
    this.measuring = window.setTimeout(() => {
      this.measuring = 0;
      const began = performance.now();
      this.#measure();
      this.pause = Math.max(MEASURE_EVERY, REST * (performance.now() - began));
    }, this.pause);
  }

  /** The pixels of the whole picture as it is shown, RGBA. @param {number} long the long side */
  shown(long) {
    const layers = this.edited?.layers(true) ?? [];
    if (!this.renderer || !layers.length) return null;
    const { width, height } = this.viewport.photo;
    const scale = Math.min(1, long / Math.max(width, height));
    const size = [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))];
    const pixels = this.renderer.read(layers, { x: 0, y: 0, scale }, size[0], size[1]);
    return { pixels, width: size[0], height: size[1] };
  }

  #measure() {
    const found = this.shown(MEASURED);
    if (!found) return;
    measured.set(measure(found.pixels, found.width, found.height));
  }

  /** Whether everything that was asked for is on the canvas. */
  get settled() {
    const sources = [this.edited, this.original, this.second].filter((each) => each !== null);
    const shows = this.whole === (this.store.tool === "frame");
    const fetched = !!this.pixels?.whole && this.pixels.latest.settled && sources.every((each) => each.settled);
    return shows && fetched && !this.drawing;
  }

  #draw() {
    if (this.drawing || !this.renderer) return;
    this.drawing = requestAnimationFrame(() => {
      this.drawing = 0;
      this.renderer?.draw(this.#panes(), this.viewport, this.clipping);
      /** @type {any} */ (this.querySelector("studio-brush"))?.drawn(this.edited?.latest.shown ?? 0);
    });
  }

  /** @returns {Pane[]} */
  #panes() {
    const { width } = /** @type {HTMLCanvasElement} */ (this.canvas);
    const after = this.edited?.layers() ?? [];
    const original = this.original?.layers() ?? [];
    const other = this.second ? this.second.layers() : original;
    if (this.holding && original.length) return [{ layers: original, left: 0, right: width }];
    if (this.compare === "split" && other.length) {
      const middle = Math.round(this.at * width);
      return [
        { layers: other, left: 0, right: middle },
        { layers: after, left: middle, right: width },
      ];
    }
    if (this.compare === "side") {
      const half = this.viewport.view.width;
      return [
        { layers: other, left: 0, right: half },
        { layers: after, left: half, right: width, shift: half },
      ];
    }
    return [{ layers: after, left: 0, right: width }];
  }

  /** Where the photo begins (0) or ends (1) in the view, as a share of its width. @param {0|1} end */
  #edge(end) {
    const { width } = this.viewport.view;
    const x = this.viewport.toView(end * this.viewport.photo.width, 0).x;
    return Math.min(1, Math.max(0, x / width));
  }

  /** @param {CustomEvent<number>} event */
  #divide(event) {
    this.at = event.detail;
    this.#draw();
  }

  /** Device pixels within the pane that is pointed at. @param {{clientX: number, clientY: number}} event */
  place({ clientX, clientY }) {
    const box = /** @type {HTMLElement} */ (this.canvas).getBoundingClientRect();
    const { ratio, view } = this.viewport;
    const x = (clientX - box.left) * ratio;
    return { x: this.compare === "side" && x >= view.width ? x - view.width : x, y: (clientY - box.top) * ratio };
  }

  /** @param {{x: number, y: number}|null} at */
  #hover(at) {
    const detail = at && this.#colour(at);
    this.dispatchEvent(new CustomEvent("colour", { detail, bubbles: true }));
  }

  /** The colour that is shown at a place of the view; null beside the photo. @param {{x: number, y: number}} at */
  #colour(at) {
    const { x, y } = this.viewport.toPhoto(at.x, at.y);
    const { width, height } = this.viewport.photo;
    if (!this.renderer || !this.edited?.ready || x < 0 || y < 0 || x >= width || y >= height) return null;
    const { origin, scale } = this.viewport;
    const from = { x: origin.x - Math.floor(at.x), y: origin.y - Math.floor(at.y), scale };
    const one = (/** @type {Layer[]} */ layers) =>
      /** @type {Renderer} */ (this.renderer).read(layers, from, 1, 1).slice(0, 3);
    return { x: Math.floor(x), y: Math.floor(y), after: one(this.edited.layers()) };
  }
}
customElements.define("studio-stage", Stage);
