/**
 * Which part of the photo is seen, and how large: one object for the picture, its copies side by side, the divider and
 * what is drawn over it. Lengths of the view are device pixels; places of the photo are pixels of the full size.
 */
export class Viewport extends EventTarget {
  constructor() {
    super();
    this.photo = { width: 1, height: 1 };
    this.view = { width: 1, height: 1 };
    this.ratio = 1;
    /** Whether the whole photo is shown. */
    this.fitted = true;
    /** Whether the whole photo stays in view. */
    this.locked = false;
    this.zoom = 1;
    this.centre = { x: 0.5, y: 0.5 };
  }

  /** Device pixels of the view a pixel of the photo. */
  get scale() {
    return this.fitted ? this.fitScale : this.zoom;
  }

  get fitScale() {
    const { width, height } = this.photo;
    const fit = Math.min(this.view.width / width, this.view.height / height);
    return Math.min(fit, Math.max(1, this.ratio));
  }

  /** Where the photo's top left corner lies in the view: whole device pixels, so that 1:1 is exact. */
  get origin() {
    const s = this.scale;
    const along = (/** @type {number} */ view, /** @type {number} */ size, /** @type {number} */ at) =>
      size * s <= view ? (view - size * s) / 2 : view / 2 - at * s;
    return {
      x: Math.round(along(this.view.width, this.photo.width, this.centre.x)),
      y: Math.round(along(this.view.height, this.photo.height, this.centre.y)),
    };
  }

  /** @param {number} x @param {number} y */
  toPhoto(x, y) {
    const { x: left, y: top } = this.origin;
    return { x: (x - left) / this.scale, y: (y - top) / this.scale };
  }

  /** @param {number} x @param {number} y */
  toView(x, y) {
    const { x: left, y: top } = this.origin;
    return { x: left + x * this.scale, y: top + y * this.scale };
  }

  /** The part of the photo that is seen. */
  get seen() {
    const from = this.toPhoto(0, 0);
    const to = this.toPhoto(this.view.width, this.view.height);
    const left = Math.max(0, Math.floor(from.x));
    const top = Math.max(0, Math.floor(from.y));
    const right = Math.min(this.photo.width, Math.ceil(to.x));
    const bottom = Math.min(this.photo.height, Math.ceil(to.y));
    return { x: left, y: top, width: Math.max(1, right - left), height: Math.max(1, bottom - top) };
  }

  /** @param {number} width @param {number} height @param {number} ratio device pixels a CSS pixel */
  resize(width, height, ratio) {
    if (width === this.view.width && height === this.view.height && ratio === this.ratio) return;
    this.view = { width, height };
    this.ratio = ratio;
    this.#changed();
  }

  /** @param {number} width @param {number} height */
  open(width, height) {
    this.photo = { width, height };
    this.fit();
  }

  fit() {
    this.fitted = true;
    this.centre = { x: this.photo.width / 2, y: this.photo.height / 2 };
    this.#changed();
  }

  /** @param {number} scale @param {number} [x] @param {number} [y] the place of the view that stays */
  zoomTo(scale, x = this.view.width / 2, y = this.view.height / 2) {
    if (this.locked) return;
    const under = this.toPhoto(x, y);
    const least = Math.min(this.fitScale, 1);
    if (scale <= least * 1.001) return this.fit();
    this.fitted = false;
    this.zoom = Math.min(8 * Math.max(1, this.ratio), scale);
    this.centre = {
      x: under.x - (x - this.view.width / 2) / this.zoom,
      y: under.y - (y - this.view.height / 2) / this.zoom,
    };
    this.#keep();
    this.#changed();
  }

  /** @param {number} dx @param {number} dy device pixels by which the photo moves */
  pan(dx, dy) {
    if (this.fitted) return;
    this.centre = { x: this.centre.x - dx / this.scale, y: this.centre.y - dy / this.scale };
    this.#keep();
    this.#changed();
  }

  /** @param {number} [x] @param {number} [y] */
  toggle(x, y) {
    if (this.fitted) this.zoomTo(this.fitScale >= 1 ? this.fitScale * 2 : 1, x, y);
    else this.fit();
  }

  #keep() {
    const within = (/** @type {number} */ at, /** @type {number} */ size, /** @type {number} */ view) => {
      const half = Math.min(size, view / this.zoom) / 2;
      return Math.min(size - half, Math.max(half, at));
    };
    this.centre = {
      x: within(this.centre.x, this.photo.width, this.view.width),
      y: within(this.centre.y, this.photo.height, this.view.height),
    };
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}
