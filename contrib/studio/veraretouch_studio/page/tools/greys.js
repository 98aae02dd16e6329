/** Grey pictures as a plan holds them: rows of shares, or bytes in base64 of which 255 means 1. */

import { t } from "../core/texts.js";

/** @typedef {{width: number, height: number, data: Uint8ClampedArray}} Greys */

const MOST_BYTES = 32 * 2 ** 20; // of a file
const MOST_PIXELS = 64e6; // of a file
const LARGEST = 768; // pixels a side that are kept; the server enlarges masks along the photo's edges
const LUMA = [0.2126, 0.7152, 0.0722];

/** @param {any} value @returns {Greys} */
export function greysOf(value) {
  if (!value?.base64) {
    const rows = /** @type {number[][]} */ (Array.isArray(value) ? value : [[0]]); // at rest it is the name of its kind
    const data = Uint8ClampedArray.from(rows.flat(), (each) => 255 * each);
    return { width: rows[0].length, height: rows.length, data };
  }
  const bytes = Uint8Array.from(atob(value.base64), (letter) => letter.charCodeAt(0));
  const [height, width] = value.shape;
  if (value.dtype === "uint8") return { width, height, data: new Uint8ClampedArray(bytes.buffer) };
  return { width, height, data: Uint8ClampedArray.from(new Float32Array(bytes.buffer), (each) => 255 * each) };
}

/** @param {Greys} greys */
export function valueOfGreys({ width, height, data }) {
  let text = "";
  for (let at = 0; at < data.length; at += 8192) text += String.fromCharCode(...data.subarray(at, at + 8192));
  return { dtype: "uint8", shape: [height, width], base64: btoa(text) };
}

/**
 * The greys of a PNG file, made smaller where it is larger than masks are.
 * @param {File} file @returns {Promise<Greys>}
 */
export async function readGreys(file) {
  const refused = new Error(t("grey.refused", { name: file.name, mb: MOST_BYTES / 2 ** 20, mp: MOST_PIXELS / 1e6 }));
  if (file.size > MOST_BYTES) throw refused;
  const head = new DataView(await file.slice(0, 24).arrayBuffer());
  if (head.byteLength < 24 || head.getUint32(0) !== 0x89504e47) throw refused;
  const [across, down] = [head.getUint32(16), head.getUint32(20)];
  if (!across || !down || across * down > MOST_PIXELS) throw refused;
  const picture = await createImageBitmap(file, { colorSpaceConversion: "none" }).catch(() => Promise.reject(refused));
  const scale = Math.min(1, LARGEST / Math.max(across, down));
  const [width, height] = [across, down].map((side) => Math.max(1, Math.round(scale * side)));
  const context = /** @type {OffscreenCanvasRenderingContext2D} */ (
    new OffscreenCanvas(width, height).getContext("2d")
  );
  context.fillRect(0, 0, width, height); // what is transparent covers nothing
  context.imageSmoothingQuality = "high";
  context.drawImage(picture, 0, 0, width, height);
  picture.close();
  const { data } = context.getImageData(0, 0, width, height);
  const luma = (/** @type {number} */ i) =>
    LUMA.reduce((sum, weight, channel) => sum + weight * data[4 * i + channel], 0);
  return { width, height, data: Uint8ClampedArray.from({ length: width * height }, (_, i) => luma(i)) };
}

/**
 * A grey picture whose points lie elsewhere; beyond its edges those go on.
 * @param {Greys} greys @param {number} width @param {number} height
 * @param {(x: number, y: number) => {x: number, y: number}} from where a point of the new picture lies in the old one, both in shares
 * @returns {Greys}
 */
export function resampled(greys, width, height, from) {
  const data = new Uint8ClampedArray(width * height);
  const at = (/** @type {number} */ x, /** @type {number} */ y) =>
    greys.data[Math.min(greys.height - 1, Math.max(0, y)) * greys.width + Math.min(greys.width - 1, Math.max(0, x))];
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const place = from((x + 0.5) / width, (y + 0.5) / height);
      const [across, down] = [place.x * greys.width - 0.5, place.y * greys.height - 0.5];
      const [left, top] = [Math.floor(across), Math.floor(down)];
      const [fx, fy] = [across - left, down - top];
      const above = at(left, top) * (1 - fx) + at(left + 1, top) * fx;
      const below = at(left, top + 1) * (1 - fx) + at(left + 1, top + 1) * fx;
      data[y * width + x] = above * (1 - fy) + below * fy;
    }
  }
  return { width, height, data };
}
