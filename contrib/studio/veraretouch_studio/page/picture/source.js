/**
 * What a plan makes of the photo, ready to be drawn: the photo's own pixels through a table, or pixels that the server
 * rendered where no table can show the plan. The last picture stays until the next is there.
 */

import * as api from "../core/api.js";
import { Latest } from "../core/latest.js";
import { wanted } from "./pixels.js";

/** @import {Renderer, Held, Layer, HeldTable} from "./gl.js" */
/** @import {Plan, Rect, PixelBytes} from "../core/types.js" */
/** @import {PhotoPixels} from "./pixels.js" */
/** @import {Viewport} from "../core/viewport.js" */

export class Source extends EventTarget {
  /** @param {Renderer} renderer @param {PhotoPixels} pixels @param {(error: unknown) => void} failed */
  constructor(renderer, pixels, failed) {
    super();
    this.renderer = renderer;
    this.pixels = pixels;
    this.failed = failed;
    this.latest = new Latest();
    /** @type {HeldTable|null} */
    this.table = null;
    /** The whole as the server rendered it. @type {Held|null} */
    this.whole = null;
    /** A part at full size, as the server rendered it. @type {{image: Held, rect: Rect}|null} */
    this.part = null;
    /** Whether the server renders. */
    this.rendered = false;
    /** Whether there is anything to draw. */
    this.ready = false;
    this.asked = "";
  }

  /** Whether what is shown is what was asked for last. */
  get settled() {
    return this.ready && this.latest.settled;
  }

  /** @param {Plan|null} plan @param {boolean} draft @param {Viewport} viewport */
  show(plan, draft, viewport) {
    this.plan = plan;
    const { renderer, pixels } = this;
    const id = pixels.photo.id;
    const space = renderer.space;
    this.asked = placeOf(viewport, pixels);
    this.latest.ask(
      async (signal) => {
        const table = await api.table(id, plan, space, draft, signal);
        if (table) return () => this.#byTable(table);
        const { side, full } = wanted(viewport, pixels.photo, renderer.limit);
        const part = full ? viewport.seen : null;
        const [detail, whole] = await Promise.all([
          part && api.render(id, plan, space, boundsOf(part), signal),
          part && draft ? null : api.render(id, plan, space, { side }, signal),
        ]);
        return () => this.#byServer(whole, part && detail && { rect: part, pixels: detail });
      },
      { draft, failed: this.failed },
    );
  }

  /** The viewport moved: what the server rendered may no longer cover it. @param {Viewport} viewport */
  follow(viewport) {
    if (this.rendered && this.asked !== placeOf(viewport, this.pixels)) this.show(this.plan ?? null, false, viewport);
  }

  /** @param {import("../core/types.js").TableBytes} table */
  #byTable(table) {
    this.#release();
    this.table = this.renderer.table(table);
    this.rendered = false;
    this.#shown();
  }

  /** @param {PixelBytes|null} whole @param {{rect: Rect, pixels: PixelBytes}|null} part */
  #byServer(whole, part) {
    const kept = whole ? null : this.whole;
    if (kept) this.whole = null;
    this.#release();
    this.whole = whole ? this.renderer.image(whole) : kept;
    this.part = part && { rect: part.rect, image: this.renderer.image(part.pixels) };
    this.rendered = true;
    this.#shown();
  }

  #release() {
    for (const held of [this.table, this.whole, this.part?.image ?? null]) this.renderer.free(held);
    this.table = null;
    this.whole = null;
    this.part = null;
  }

  #shown() {
    this.ready = true;
    this.dispatchEvent(new Event("change"));
  }

  /** @param {boolean} [whole] only the image of the whole photo @returns {Layer[]} */
  layers(whole = false) {
    if (!this.ready) return [];
    if (!this.rendered) return this.pixels.layers(this.table, whole);
    const { width, height } = this.pixels.photo;
    const layers = [];
    if (this.whole) layers.push({ image: this.whole, rect: { x: 0, y: 0, width, height }, table: null });
    if (this.part && !whole) layers.push({ ...this.part, table: null });
    return layers;
  }

  close() {
    this.latest.drop();
    this.#release();
    this.ready = false;
  }
}

/** @param {Rect} rect */
const boundsOf = ({ x, y, width, height }) => ({ left: x, top: y, width, height });

/** Words for what a viewport needs of the server. @param {Viewport} viewport @param {PhotoPixels} pixels */
function placeOf(viewport, pixels) {
  const { side, full } = wanted(viewport, pixels.photo, pixels.renderer.limit);
  return full ? JSON.stringify(viewport.seen) : String(side);
}
