import { html, svg } from "../vendor/lit.js";
import { dragged, frameOf, ratioOf, setFrame, shownCrop, straightened, withShownCrop } from "../tools/cropping.js";
import { forth, mapped, mirrored, product, scaled, shifted, sides } from "../tools/framing.js";
import { Part } from "../core/part.js";
import { t } from "../core/texts.js";

/** @import {Viewport} from "../core/viewport.js" */
/** @import {Box, Matrix} from "../tools/framing.js" */
/** @typedef {{x: number, y: number}} Point */

const MARGIN = 26; // CSS pixels around the photo, so that fingers reach its corners
const FARTHEST = 0.75; // of the diagonal: how far a photo in perspective is shown from its centre
const STEP = 0.005; // of the photo's sides, by a key
const SHORTEST = 20; // CSS pixels of a line that says what is level
const REACH = 22; // CSS pixels around a handle

/** @type {[string, number, number][]} name, and which edges it moves; corners last, so that they lie on top */
const HANDLES = [
  ["inside", 0, 0],
  ["left", -1, 0],
  ["right", 1, 0],
  ["top", 0, -1],
  ["bottom", 0, 1],
  ["topLeft", -1, -1],
  ["topRight", 1, -1],
  ["bottomLeft", -1, 1],
  ["bottomRight", 1, 1],
];

/** The crop over the whole photo, which is turned below it. */
export class Crop extends Part {
  static properties = { ...Part.properties, viewport: { attribute: false }, line: { state: true } };

  constructor() {
    super();
    /** @type {Viewport} */
    this.viewport = /** @type {any} */ (null);
    /** The line that is drawn along what is to be level. @type {{from: Point, to: Point}|null} */
    this.line = null;
    /** @type {{across: number, down: number, box: Box, from: Point, moved: boolean}|null} */
    this.held = null;
    /** From pixels of the turned photo to those of the screen. @type {Matrix} */
    this.view = scaled(1, 1);
  }

  firstUpdated() {
    this.viewport.addEventListener("change", this.redraw);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.viewport.removeEventListener("change", this.redraw);
    this.canvas?.style.removeProperty("transform");
  }

  /** What of the screen the stage takes. */
  get #room() {
    const { view, ratio } = this.viewport;
    return { width: view.width / ratio, height: view.height / ratio };
  }

  /** Lay the turned photo out in the stage, and turn the picture with it. */
  #layOut() {
    const { photo, scale, origin, ratio } = this.viewport;
    const room = this.#room;
    const frame = frameOf(this.store);
    const turn = forth(frame, photo);
    const upright = sides(frame, photo);
    const middle = { x: upright.width / 2, y: upright.height / 2 };
    const most = FARTHEST * Math.hypot(photo.width, photo.height);
    const corners = [0, photo.width].flatMap((x) => [0, photo.height].map((y) => mapped(turn, x, y)));
    const half = (/** @type {"x"|"y"} */ axis) =>
      Math.min(most, Math.max(1, ...corners.map((at) => Math.abs(at[axis] - middle[axis]))));
    const size = Math.min((room.width / 2 - MARGIN) / half("x"), (room.height / 2 - MARGIN) / half("y"));
    this.view = product(shifted(room.width / 2, room.height / 2), scaled(size, size), shifted(-middle.x, -middle.y));
    const drawn = product(scaled(1 / scale, 1 / scale), shifted(-origin.x, -origin.y), scaled(ratio, ratio));
    const [[a, b, c], [d, e, f], [g, h, i]] = product(this.view, mirrored(frame, upright), turn, drawn);
    const numbers = [a, d, 0, g, b, e, 0, h, 0, 0, 1, 0, c, f, 0, i].map((each) => each / i);
    this.canvas = /** @type {HTMLElement} */ (this.closest(".stage")?.querySelector("canvas.picture"));
    this.canvas.style.setProperty("transform", `matrix3d(${numbers.map((each) => each.toPrecision(12)).join(",")})`);
  }

  render() {
    const { photo } = this.store;
    if (!photo || !this.isConnected) return html``;
    this.#layOut();
    const { width, height } = this.#room;
    const crop = shownCrop(frameOf(this.store), photo.whole);
    const from = mapped(this.view, crop[0], crop[1]);
    const to = mapped(this.view, crop[2], crop[3]);
    const thirds = [1 / 3, 2 / 3].map((share) => {
      const x = from.x + share * (to.x - from.x);
      const y = from.y + share * (to.y - from.y);
      return svg`<path class="crop-third" d="M${x} ${from.y}V${to.y}M${from.x} ${y}H${to.x}" />`;
    });
    const shade = `M0 0H${width}V${height}H0ZM${from.x} ${from.y}V${to.y}H${to.x}V${from.y}Z`;
    return html`<svg
      class="crop"
      role="group"
      aria-label=${t("frame.handles")}
      @pointerdown=${stop}
      @pointermove=${this.#move}
      @pointerup=${this.#up}
      @pointercancel=${this.#cancel}
      @wheel=${stop}
    >
      ${svg`<path class="crop-shade" d=${shade} />${thirds}
        <rect class="crop-box" x=${from.x} y=${from.y} width=${to.x - from.x} height=${to.y - from.y} />
        ${HANDLES.map(([name, across, down]) => this.#handle(name, across, down, crop, from, to))}
        ${this.store.cropping.line ? this.#ruler() : ""}`}
    </svg>`;
  }

  #ruler() {
    const { width, height } = this.#room;
    const { line } = this;
    return svg`<rect class="crop-ruler" x="0" y="0" width=${width} height=${height} @pointerdown=${this.#rule} />
      ${line ? svg`<path class="crop-line" d="M${line.from.x} ${line.from.y}L${line.to.x} ${line.to.y}" />` : ""}`;
  }

  /**
   * @param {string} name @param {number} across @param {number} down @param {Box} crop @param {Point} from
   * @param {Point} to
   */
  #handle(name, across, down, crop, from, to) {
    const photo = /** @type {import("../core/types.js").PhotoState} */ (this.store.photo);
    const whole = sides(frameOf(this.store), photo.whole);
    const x = across < 0 ? from.x : across > 0 ? to.x : (from.x + to.x) / 2;
    const y = down < 0 ? from.y : down > 0 ? to.y : (from.y + to.y) / 2;
    const percent = (/** @type {number} */ edge, /** @type {number} */ side) =>
      Number(((100 * edge) / side).toFixed(1));
    const at = {
      x: percent(across < 0 ? crop[0] : across > 0 ? crop[2] : (crop[0] + crop[2]) / 2, whole.width),
      y: percent(down < 0 ? crop[1] : down > 0 ? crop[3] : (crop[1] + crop[3]) / 2, whole.height),
    };
    const value = across && !down ? "frame.across" : down && !across ? "frame.down" : "handle.value";
    return svg`<g
      class="crop-handle crop-${name}"
      role="slider"
      tabindex="0"
      aria-label=${t(`frame.${name}`)}
      aria-orientation=${down && !across ? "vertical" : "horizontal"}
      aria-valuemin="-100"
      aria-valuemax="200"
      aria-valuenow=${down && !across ? at.y : at.x}
      aria-valuetext=${t(value, at)}
      @pointerdown=${(/** @type {PointerEvent} */ event) => this.#down(event, across, down)}
      @keydown=${(/** @type {KeyboardEvent} */ event) => this.#key(event, across, down)}
    >${
      across || down
        ? svg`<circle class="handle-reach" cx=${x} cy=${y} r=${REACH} />
            <path class="crop-grip" d=${grip(x, y, across, down)} />`
        : svg`<rect class="crop-reach" x=${from.x} y=${from.y} width=${to.x - from.x} height=${to.y - from.y} />`
    }</g>`;
  }

  /** Where a pointer is in the stage, in CSS pixels. @param {PointerEvent} event @returns {Point} */
  #place({ clientX, clientY }) {
    const stage = /** @type {HTMLElement} */ (this.closest(".stage")).getBoundingClientRect();
    return { x: clientX - stage.left, y: clientY - stage.top };
  }

  /** @param {PointerEvent} event @param {number} across @param {number} down */
  #down(event, across, down) {
    stop(event);
    if (event.button > 0 || this.held) return;
    const handle = /** @type {SVGElement} */ (event.currentTarget);
    handle.setPointerCapture(event.pointerId);
    handle.focus({ preventScroll: true });
    const { photo } = this.store;
    if (!photo) return;
    this.held = {
      across,
      down,
      box: shownCrop(frameOf(this.store), photo.whole),
      from: this.#place(event),
      moved: false,
    };
  }

  /** @param {PointerEvent} event */
  #rule(event) {
    stop(event);
    /** @type {Element} */ (event.currentTarget).setPointerCapture(event.pointerId);
    const from = this.#place(event);
    this.line = { from, to: from };
  }

  /** @param {PointerEvent} event */
  #move(event) {
    event.stopPropagation();
    if (this.line) this.line = { ...this.line, to: this.#place(event) };
    if (!this.held) return;
    this.held.moved = true;
    this.#to(event, "drag");
  }

  /** @param {PointerEvent} event @param {"drag"|"done"} how */
  #to(event, how) {
    const { across, down, box, from } = /** @type {any} */ (this.held);
    const to = this.#place(event);
    const size = this.view[0][0];
    this.#crop(box, across, down, (to.x - from.x) / size, (to.y - from.y) / size, how);
  }

  /**
   * @param {Box} box @param {number} across @param {number} down
   * @param {number} dx pixels of the photo @param {number} dy
   * @param {"drag"|"keys"|"done"} how
   */
  #crop(box, across, down, dx, dy, how) {
    const { store } = this;
    if (!store.photo) return;
    const { whole } = store.photo;
    const frame = frameOf(store);
    const ratio = ratioOf(store.cropping.aspect, sides(frame, whole));
    const next = dragged(frame, whole, box, across, down, dx, dy, ratio);
    setFrame(store, withShownCrop(frame, next, whole), t("step.crop"), how);
  }

  /** @param {PointerEvent} event */
  #up(event) {
    event.stopPropagation();
    const { held, line, store } = this;
    if (held?.moved) this.#to(event, "done");
    this.#cancel();
    if (!line) return;
    const [dx, dy] = [line.to.x - line.from.x, line.to.y - line.from.y];
    if (Math.hypot(dx, dy) < SHORTEST) return;
    store.cropping.line = false;
    const frame = frameOf(store);
    setFrame(store, { ...frame, angle: straightened(frame, dx, dy) }, t("step.straighten"), "done");
  }

  #cancel() {
    this.held = null;
    this.line = null;
    if (this.store.draft) {
      this.store.draft = null;
      this.store.tell();
    }
  }

  /** @param {KeyboardEvent} event @param {number} across @param {number} down */
  #key(event, across, down) {
    const { photo } = this.store;
    const step = STEP * (event.shiftKey ? 10 : 1);
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!way || !photo || event.ctrlKey || event.metaKey || event.altKey) return;
    stop(event);
    event.preventDefault();
    const frame = frameOf(this.store);
    const { width, height } = sides(frame, photo.whole);
    const box = shownCrop(frame, photo.whole);
    this.#crop(box, across, down, way[0] * step * width, way[1] * step * height, "keys");
  }
}
customElements.define("studio-crop", Crop);

/** Nothing below the crop is meant. @param {Event} event */
function stop(event) {
  event.stopPropagation();
  if (event.type === "wheel") event.preventDefault();
}

/**
 * A bar on an edge, or two on a corner.
 * @param {number} x @param {number} y @param {number} across @param {number} down
 */
function grip(x, y, across, down) {
  if (across && down) return `M${x - 16 * across} ${y}H${x}V${y - 16 * down}`;
  return across ? `M${x} ${y - 12}V${y + 12}` : `M${x - 12} ${y}H${x + 12}`;
}
