/** A photo's own pixels: one image of the whole at the size that is shown, and tiles of the full size where needed. */

import * as api from "../core/api.js";
import { Latest } from "../core/latest.js";

/** @import {Renderer, Held, Layer, HeldTable} from "./gl.js" */
/** @import {PhotoState, Rect} from "../core/types.js" */
/** @import {Viewport} from "../core/viewport.js" */

const TILE = 1024; // pixels an edge, as the server cuts them
const MOST_BYTES = 256 * 1024 * 1024; // of tiles that are kept
const AT_ONCE = 3; // tiles under way
const LARGEST = 4096; // the long side of an image of the whole photo
const WHOLE = 2048; // photos up to this long side need no tiles

/**
 * How the photo is fetched for a viewport: the long side of the whole, and whether its full size is needed besides.
 * @param {Viewport} viewport @param {{width: number, height: number}} photo @param {number} limit of textures
 */
export function wanted(viewport, photo, limit) {
  const long = Math.max(photo.width, photo.height);
  const at = (/** @type {number} */ scale) => Math.max(1, Math.min(long, LARGEST, limit, Math.round(long * scale)));
  if (viewport.fitted || long <= WHOLE) return { side: at(Math.max(viewport.scale, 0)), full: false };
  const full = viewport.scale >= 0.5 || long * viewport.scale > LARGEST;
  return { side: at(full ? viewport.fitScale : viewport.scale), full };
}

export class PhotoPixels extends EventTarget {
  /** @param {Renderer} renderer @param {PhotoState} photo @param {(error: unknown) => void} failed */
  constructor(renderer, photo, failed) {
    super();
    this.renderer = renderer;
    this.photo = photo;
    this.failed = failed;
    this.latest = new Latest();
    this.side = 0;
    /** @type {Held|null} */
    this.whole = null;
    /** In the order of their last use. @type {Map<string, {image: Held|null, rect: Rect}>} */
    this.tiles = new Map();
    /** @type {string[]} */
    this.queue = [];
    this.underWay = 0;
    this.abort = new AbortController();
  }

  /** Fetch what a viewport shows. @param {Viewport} viewport */
  prepare(viewport) {
    const { side, full } = wanted(viewport, this.photo, this.renderer.limit);
    if (side !== this.side) {
      this.side = side;
      this.latest.ask(
        async (signal) => {
          const pixels = await api.preview(this.photo, side, signal);
          return () => {
            this.renderer.free(this.whole);
            this.whole = this.renderer.image(pixels);
            this.#arrived();
          };
        },
        { draft: false, failed: this.failed },
      );
    }
    this.queue = [];
    if (!full) return;
    for (const key of keysOf(viewport.seen)) {
      const tile = this.tiles.get(key);
      this.tiles.delete(key);
      if (tile) this.tiles.set(key, tile);
      else this.queue.push(key);
    }
    this.#fetch();
  }

  #fetch() {
    while (this.underWay < AT_ONCE && this.queue.length) {
      const key = /** @type {string} */ (this.queue.shift());
      const [x, y] = key.split(",").map(Number);
      const rect = { x: x * TILE, y: y * TILE, width: 0, height: 0 };
      this.tiles.set(key, { image: null, rect });
      this.underWay += 1;
      api
        .tile(this.photo, x, y, this.abort.signal)
        .then((pixels) => {
          const { width, height } = pixels;
          this.tiles.set(key, { image: this.renderer.image(pixels), rect: { ...rect, width, height } });
          this.#forget();
          this.#arrived();
        })
        .catch((error) => {
          this.tiles.delete(key);
          if (!this.abort.signal.aborted) this.failed(error);
        })
        .finally(() => {
          this.underWay -= 1;
          this.#fetch();
        });
    }
  }

  /** Give back the tiles that were used longest ago. */
  #forget() {
    let bytes = 0;
    for (const { image } of this.tiles.values()) bytes += image?.bytes ?? 0;
    for (const [key, { image }] of this.tiles) {
      if (bytes <= MOST_BYTES) return;
      if (!image) continue;
      bytes -= image.bytes;
      this.renderer.free(image);
      this.tiles.delete(key);
    }
  }

  #arrived() {
    this.dispatchEvent(new Event("change"));
  }

  /** @param {HeldTable|null} table @param {boolean} [whole] only the image of the whole @returns {Layer[]} */
  layers(table, whole = false) {
    if (!this.whole) return [];
    const { width, height } = this.photo;
    const layers = [{ image: this.whole, rect: { x: 0, y: 0, width, height }, table }];
    if (whole) return layers;
    for (const { image, rect } of this.tiles.values()) if (image) layers.push({ image, rect, table });
    return layers;
  }

  close() {
    this.abort.abort();
    this.latest.drop();
    this.renderer.free(this.whole);
    for (const { image } of this.tiles.values()) this.renderer.free(image);
    this.whole = null;
    this.tiles.clear();
  }
}

/** The tiles that a part of the photo touches. @param {Rect} seen */
function keysOf({ x, y, width, height }) {
  const keys = [];
  for (let row = Math.floor(y / TILE); row * TILE < y + height; row += 1) {
    for (let column = Math.floor(x / TILE); column * TILE < x + width; column += 1) keys.push(`${column},${row}`);
  }
  return keys;
}
