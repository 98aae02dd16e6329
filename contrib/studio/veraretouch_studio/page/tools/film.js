/**
 * The film that follows the pointer while it paints: strokes as ops/areas/capsules.py paints them, in pixels of the
 * screen.
 */

/** @typedef {{x: number, y: number, radius: number, hardness: number, flow: number}} Dab in pixels */

const SOFTEST = 2; // pixels that the hardest edge is wide
const OPAQUE = 140; // of 255, where a stroke paints fully
const PAINTS = [230, 40, 40];
const ERASES = [70, 160, 255];

export class Film {
  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    this.context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    /** @type {ImageData|null} */
    this.image = null;
  }

  /** Begin anew at a size in pixels. @param {number} width @param {number} height */
  clear(width, height) {
    const same = this.canvas.width === width && this.canvas.height === height;
    if (same && !this.image) return;
    this.canvas.width = width; // also empties it
    this.canvas.height = height;
    this.image = null;
  }

  /**
   * One line of a stroke; the strongest counts where several lie over one another.
   * @param {Dab} from @param {Dab} to @param {boolean} erases
   */
  line(from, to, erases) {
    const { width, height } = this.canvas;
    const reach = Math.max(from.radius, to.radius);
    const left = Math.max(0, Math.floor(Math.min(from.x, to.x) - reach));
    const top = Math.max(0, Math.floor(Math.min(from.y, to.y) - reach));
    const right = Math.min(width, Math.ceil(Math.max(from.x, to.x) + reach) + 1);
    const bottom = Math.min(height, Math.ceil(Math.max(from.y, to.y) + reach) + 1);
    if (left >= right || top >= bottom) return;
    this.image ??= this.context.createImageData(width, height);
    const { data } = this.image;
    const [red, green, blue] = erases ? ERASES : PAINTS;
    const [dx, dy] = [to.x - from.x, to.y - from.y];
    const long = dx * dx + dy * dy + 1e-6;
    for (let y = top; y < bottom; y += 1) {
      for (let x = left; x < right; x += 1) {
        const [across, down] = [x + 0.5 - from.x, y + 0.5 - from.y];
        const along = Math.min(1, Math.max(0, (across * dx + down * dy) / long));
        const radius = Math.max(1e-3, from.radius + along * (to.radius - from.radius));
        const away = Math.hypot(across - along * dx, down - along * dy) / radius;
        if (away >= 1) continue;
        const inner = Math.min(0.999, Math.max(0, Math.min(from.hardness, 1 - SOFTEST / radius)));
        const soft = Math.min(1, Math.max(0, (away - inner) / (1 - inner)));
        const paint = OPAQUE * from.flow * (1 - soft * soft * (3 - 2 * soft));
        const at = 4 * (y * width + x);
        if (paint <= data[at + 3]) continue;
        data[at] = red;
        data[at + 1] = green;
        data[at + 2] = blue;
        data[at + 3] = paint;
      }
    }
    this.context.putImageData(this.image, 0, 0, left, top, right - left, bottom - top);
  }
}
