import { svg, html } from "../vendor/lit.js";
import { Part } from "../core/part.js";
import { setPart } from "../core/bindings.js";
import { t } from "../core/texts.js";

/** @import {Viewport} from "../core/viewport.js" */

/**
 * @typedef {{x: number, y: number}} Point shares of the photo's width and height
 * @typedef {{name: string, at: Point, move: (to: Point) => Record<string, number>}} Handle
 */

/** The handles of the chosen area on the picture: the ends of a gradient, the middle and the radii of an ellipse. */
export class Handles extends Part {
  static properties = { ...Part.properties, viewport: { attribute: false }, side: { type: Boolean } };

  constructor() {
    super();
    /** @type {Viewport} */
    this.viewport = /** @type {any} */ (null);
    this.side = false;
  }

  firstUpdated() {
    this.viewport.addEventListener("change", this.redraw);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.viewport.removeEventListener("change", this.redraw);
  }

  render() {
    const entry = this.store.plan?.local?.find((each) => each.name === this.store.area);
    if (!entry || !this.store.photo) return html``;
    const { view, ratio } = this.viewport;
    const shift = this.side ? view.width / ratio : 0;
    const parts = (entry.area ?? []).map((part, place) => this.#part(part, place));
    return html`<svg class="handles" role="group" aria-label=${t("handles.label", { name: entry.name })}>
      <g transform="translate(${shift} 0)">${parts}</g>
    </svg>`;
  }

  /** CSS pixels of a place of the photo. @param {Point} at */
  #css({ x, y }) {
    const { photo, ratio } = this.viewport;
    const at = this.viewport.toView(x * photo.width, y * photo.height);
    return { x: at.x / ratio, y: at.y / ratio };
  }

  /** @param {import("../core/types.js").Part} part @param {number} place */
  #part(part, place) {
    const area = this.store.schema.areas.find(({ id }) => id === part.id);
    if (!area || !(part.id in SHAPES)) return "";
    const rest = Object.fromEntries(Object.entries(area.slots).map(([name, slot]) => [name, slot.identity]));
    const { photo } = this.viewport;
    const shape = SHAPES[part.id]({ ...rest, ...part.params }, photo.width / photo.height);
    const paths = shape.lines.map((points, i) => {
      const path = points.map((point) => this.#css(point)).map(({ x, y }) => `${x.toFixed(1)} ${y.toFixed(1)}`);
      return svg`<path class=${i ? "handle-line handle-edge" : "handle-line"} d="M${path.join("L")}" />`;
    });
    return svg`${paths}${shape.handles.map((handle) => this.#handle(handle, place))}`;
  }

  /** @param {Handle} handle @param {number} place */
  #handle(handle, place) {
    const { x, y } = this.#css(handle.at);
    const label = t(`handle.${handle.name}`);
    return svg`<g
      class="handle"
      role="slider"
      tabindex="0"
      aria-label=${label}
      aria-valuemin="-100"
      aria-valuemax="200"
      aria-valuenow=${Math.round(100 * handle.at.x)}
      aria-valuetext=${t("handle.value", { x: Math.round(100 * handle.at.x), y: Math.round(100 * handle.at.y) })}
      @pointerdown=${(/** @type {PointerEvent} */ event) => this.#down(event, handle.name, place)}
      @pointermove=${this.#move}
      @pointerup=${this.#up}
      @pointercancel=${this.#up}
      @keydown=${(/** @type {KeyboardEvent} */ event) => this.#key(event, handle, place)}
    >
      <circle class="handle-reach" cx=${x} cy=${y} r="22" />
      <circle class="handle-dot" cx=${x} cy=${y} r="6" />
    </g>`;
  }

  /** @param {PointerEvent} event @param {string} name @param {number} place */
  #down(event, name, place) {
    event.stopPropagation();
    /** @type {Element} */ (event.currentTarget).setPointerCapture(event.pointerId);
    this.held = { name, place };
  }

  /** @param {PointerEvent} event */
  #move(event) {
    if (!this.held) return;
    event.stopPropagation();
    const stage = /** @type {any} */ (this.closest("studio-stage"));
    const at = stage.place(event);
    const { x, y } = this.viewport.toPhoto(at.x, at.y);
    const { width, height } = this.viewport.photo;
    this.#to(this.held.name, this.held.place, { x: x / width, y: y / height }, "drag");
  }

  #up() {
    const { held } = this;
    this.held = undefined;
    if (held && this.store.dragging) setPart(this.store, /** @type {string} */ (this.store.area), held.place, {}, "done");
  }

  /** @param {KeyboardEvent} event @param {Handle} handle @param {number} place */
  #key(event, handle, place) {
    const step = event.shiftKey ? 0.1 : 0.01;
    const [dx, dy] = /** @type {Record<string, number[]>} */ ({
      ArrowLeft: [-step, 0],
      ArrowRight: [step, 0],
      ArrowUp: [0, -step],
      ArrowDown: [0, step],
    })[event.key] ?? [0, 0];
    if (!dx && !dy) return;
    event.preventDefault();
    event.stopPropagation();
    this.#to(handle.name, place, { x: handle.at.x + dx, y: handle.at.y + dy }, "keys");
  }

  /** @param {string} name @param {number} place @param {Point} to @param {"drag"|"keys"} how */
  #to(name, place, to, how) {
    const local = /** @type {string} */ (this.store.area);
    const part = this.store.plan?.local?.find((each) => each.name === local)?.area?.[place];
    const area = this.store.schema.areas.find(({ id }) => id === part?.id);
    if (!part || !area) return;
    const rest = Object.fromEntries(Object.entries(area.slots).map(([slot, { identity }]) => [slot, identity]));
    const { photo } = this.viewport;
    const { handles } = SHAPES[part.id]({ ...rest, ...part.params }, photo.width / photo.height);
    const moved = handles.find((each) => each.name === name)?.move(to) ?? {};
    const params = Object.entries(moved).map(([slot, value]) => {
      const { low, high } = area.slots[slot];
      return [slot, Number(Math.min(high, Math.max(low, value)).toFixed(4))];
    });
    setPart(this.store, local, place, Object.fromEntries(params), how);
  }
}
customElements.define("studio-handles", Handles);

/** @type {Record<string, (p: any, aspect: number) => {lines: Point[][], handles: Handle[]}>} */
const SHAPES = {
  linear(p, aspect) {
    const full = { x: p.full_x, y: p.full_y };
    const zero = { x: p.zero_x, y: p.zero_y };
    // Across the gradient, in units of the photo's height, where both axes are alike.
    const along = { x: (zero.x - full.x) * aspect, y: zero.y - full.y };
    const length = Math.hypot(along.x, along.y) || 1;
    const across = { x: -along.y / length / aspect, y: along.x / length };
    const edge = (/** @type {Point} */ { x, y }) =>
      [-3, 3].map((far) => ({ x: x + far * across.x, y: y + far * across.y }));
    return {
      lines: [[full, zero], edge(full), edge(zero)],
      handles: [
        { name: "full", at: full, move: ({ x, y }) => ({ full_x: x, full_y: y }) },
        { name: "zero", at: zero, move: ({ x, y }) => ({ zero_x: x, zero_y: y }) },
      ],
    };
  },
  ellipse(p, aspect) {
    const turn = (p.angle * Math.PI) / 180;
    const [cos, sin] = [Math.cos(turn), Math.sin(turn)];
    const at = (/** @type {number} */ u, /** @type {number} */ v) => {
      const right = u * p.radius_x * aspect;
      const below = v * p.radius_y;
      return { x: p.x + (right * cos - below * sin) / aspect, y: p.y + right * sin + below * cos };
    };
    const reach = (/** @type {Point} */ to) => {
      const right = (to.x - p.x) * aspect;
      const below = to.y - p.y;
      return { across: right * cos + below * sin, down: below * cos - right * sin };
    };
    const rim = (/** @type {number} */ size) =>
      Array.from({ length: 73 }, (_, i) => at(size * Math.cos((i * Math.PI) / 36), size * Math.sin((i * Math.PI) / 36)));
    return {
      lines: [rim(1), rim(1 - p.feather)],
      handles: [
        { name: "width", at: at(1, 0), move: (to) => ({ radius_x: Math.abs(reach(to).across) / aspect }) },
        { name: "height", at: at(0, 1), move: (to) => ({ radius_y: Math.abs(reach(to).down) }) },
        {
          name: "turn",
          at: at(1, 1),
          move: (to) => {
            const rest = Math.atan2(p.radius_y, p.radius_x * aspect);
            const angle = ((Math.atan2(to.y - p.y, (to.x - p.x) * aspect) - rest) * 180) / Math.PI;
            return { angle: ((((angle + 180) % 360) + 360) % 360) - 180 };
          },
        },
        // Last, so that it lies over the others where the ellipse is small.
        { name: "centre", at: { x: p.x, y: p.y }, move: ({ x, y }) => ({ x, y }) },
      ],
    };
  },
};
