/** Counting pixels: histograms of what is shown, and the RGB parade. No drawing. */

/**
 * @typedef {Object} Measure
 * @property {Uint32Array[]} histograms red, green, blue, luma: how many pixels have each of 256 codes
 * @property {Uint32Array[]} parade red, green, blue: [column * 64 + level]
 * @property {number} columns of the parade
 * @property {{dark: number, light: number}} clipped shares of pixels
 */

export const LEVELS = 64;

/** What was counted last: "change" tells of it. */
class Measured extends EventTarget {
  /** @type {Measure|null} */
  last = null;

  /** @param {Measure} found */
  set(found) {
    this.last = found;
    this.dispatchEvent(new Event("change"));
  }
}
export const measured = new Measured();

/** @param {Uint8Array} pixels RGBA @param {number} width @param {number} height @returns {Measure} */
export function measure(pixels, width, height) {
  const histograms = [0, 1, 2, 3].map(() => new Uint32Array(256));
  const columns = Math.min(width, 120);
  const parade = [0, 1, 2].map(() => new Uint32Array(columns * LEVELS));
  let dark = 0;
  let light = 0;
  for (let i = 0, place = 0; i < pixels.length; i += 4, place += 1) {
    const r = pixels[i];
    const g = pixels[i + 1];
    const b = pixels[i + 2];
    histograms[0][r] += 1;
    histograms[1][g] += 1;
    histograms[2][b] += 1;
    histograms[3][Math.round(0.2126 * r + 0.7152 * g + 0.0722 * b)] += 1;
    const column = Math.floor(((place % width) * columns) / width) * LEVELS;
    parade[0][column + (r >> 2)] += 1;
    parade[1][column + (g >> 2)] += 1;
    parade[2][column + (b >> 2)] += 1;
    const most = Math.max(r, g, b);
    if (most === 255) light += 1;
    if (most === 0) dark += 1;
  }
  const count = Math.max(1, width * height);
  return { histograms, parade, columns, clipped: { dark: dark / count, light: light / count } };
}

/**
 * A histogram as heights from 0 to 1, its ends left out of the scale: clipped pixels would flatten the rest.
 * @param {Uint32Array} counts
 */
export function heights(counts) {
  const smooth = Array.from(counts, (_, i) => (counts[Math.max(0, i - 1)] + 2 * counts[i] + counts[Math.min(255, i + 1)]) / 4);
  const most = Math.max(1, ...smooth.slice(2, 254));
  return smooth.map((count) => Math.min(1, Math.sqrt(count / most)));
}
