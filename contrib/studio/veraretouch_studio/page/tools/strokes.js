/** Strokes of a brush as a plan holds them: rows of x, y, radius, hardness, flow and joined. */

import { withEntry } from "../core/plan.js";

/** @import {Local, Part, Plan, Schema} from "../core/types.js" */
/** @import {Size} from "./framing.js" */
/**
 * @typedef {number[]} Row shares of the photo: x of its width, y of its height, radius of its long side; then
 * hardness, flow, joined
 */

export const BRUSH = "brush";
const MOST_ROWS = 20_000; // of a slot
const MOST_PARTS = 100; // of an area
const AROUND = 0.004; // of the long side: how far paint may reach beyond its radius, on the grid that it is painted on,
const REFINED = 0.06; // and drawn to edges of the photo

/** The rows of a value; a plan's file has many of them in base64, as float32. @param {any} value @returns {Row[]} */
export function rowsOf(value) {
  if (!value?.base64) return Array.isArray(value) ? value : []; // at rest it is the name of its kind
  const bytes = Uint8Array.from(atob(value.base64), (letter) => letter.charCodeAt(0));
  const numbers = [...new Float32Array(bytes.buffer)];
  return Array.from({ length: value.shape[0] }, (_, i) =>
    numbers.slice(6 * i, 6 * i + 6).map((each) => Number(each.toFixed(6))),
  );
}

/** How many strokes rows hold: those that paint something. @param {Row[]} rows */
export function count(rows) {
  return rows.filter((row, i) => (i === 0 || !row[5]) && (row[2] > 0 || rows[i + 1]?.[2] > 0)).length;
}

/**
 * The boxes of what rows paint: left, top, right and bottom, in shares.
 * @param {Row[]} rows @param {Size} photo @param {number} around more
 */
function boxesOf(rows, { width, height }, around) {
  const long = Math.max(width, height);
  return rows.map(([x, y, radius, , , joined], i) => {
    const [from, to, size] = joined && i ? rows[i - 1] : [x, y, radius];
    const reach = (Math.max(radius, size) + around) * long;
    const [across, down] = [reach / width, reach / height];
    return [Math.min(x, from) - across, Math.min(y, to) - down, Math.max(x, from) + across, Math.max(y, to) + down];
  });
}

/** Whether what two rows of strokes paint may touch. @param {Part} part @param {Row[]} rows @param {Size} photo */
function touches({ params = {} }, rows, photo) {
  const around = AROUND + (params.refine ? REFINED : 0);
  const mine = boxesOf(rows, photo, around);
  return boxesOf(rowsOf(params.strokes), photo, 0).some(([left, top, right, bottom]) =>
    mine.some((box) => left < box[2] && right > box[0] && top < box[3] && bottom > box[1]),
  );
}

/**
 * The part of an area that a stroke can join, so that it lies over all that it touches: the last one that paints, or
 * erases, as is wanted, unless the stroke touches one that comes later. -1 for none.
 * @param {Part[]} parts @param {Row[]} rows @param {"add"|"subtract"} combine @param {Size} photo
 */
function homeOf(parts, rows, combine, photo) {
  for (let i = parts.length - 1; i >= 0; i -= 1) {
    const part = parts[i];
    const does = part.combine === "subtract" || i > 0 ? (part.combine ?? "add") : "add";
    if (part.id !== BRUSH || part.invert || does === "intersect") return -1;
    if (does === combine) return rowsOf(part.params?.strokes).length + rows.length <= MOST_ROWS ? i : -1;
    if (touches(part, rows, photo)) return -1;
  }
  return -1;
}

/**
 * A local adjustment with one more stroke, in a part that is there or in a new one. Null where there is no room.
 * @param {Local} entry @param {Row[]} rows @param {boolean} erases @param {Size} photo @param {Schema} schema
 * @returns {Local|null}
 */
function painted(entry, rows, erases, photo, schema) {
  const parts = entry.area ?? [];
  const combine = erases ? "subtract" : "add";
  const home = homeOf(parts, rows, combine, photo);
  if (home >= 0) {
    const before = rowsOf(parts[home].params?.strokes);
    const strokes = count(before) ? [...before, ...rows] : rows; // one point of no size is what paints nothing
    const joined = { ...parts[home], params: { ...parts[home].params, strokes } };
    return { ...entry, area: parts.map((part, i) => (i === home ? joined : part)) };
  }
  if (parts.length >= MOST_PARTS) return null;
  const { version, from } = /** @type {any} */ (schema.areas.find(({ id }) => id === BRUSH));
  const refine = parts.findLast(({ id }) => id === BRUSH)?.params?.refine;
  const params = { strokes: rows, ...(refine ? { refine } : {}) };
  const part = { id: BRUSH, version, ...(from ? { from } : {}), params, ...(erases ? { combine } : {}) };
  return { ...entry, area: [...parts, part] };
}

/**
 * @param {Plan|null} plan @param {string} name of the local adjustment @param {Row[]} rows @param {boolean} erases
 * @param {Size} photo @param {Schema} schema @returns {Plan|null} null where the area has no room for another stroke
 */
export function withStroke(plan, name, rows, erases, photo, schema) {
  let full = false;
  const made = withEntry(plan, name, (entry) => {
    const next = painted(entry, rows, erases, photo, schema);
    full = next === null;
    return next ?? entry;
  });
  return full ? null : made;
}

/**
 * A line of points with those left out that it passes by less than a distance (Ramer 1972, Douglas and Peucker 1973).
 * @param {{x: number, y: number}[]} points @param {number} distance
 */
export function simplified(points, distance) {
  const kept = new Set([0, points.length - 1]);
  const spans = [[0, points.length - 1]];
  for (let span = spans.pop(); span; span = spans.pop()) {
    const [first, last] = span;
    let far = distance;
    let at = 0;
    for (let i = first + 1; i < last; i += 1) {
      const away = apart(points[i], points[first], points[last]);
      if (away > far) [far, at] = [away, i];
    }
    if (!at) continue;
    kept.add(at);
    spans.push([first, at], [at, last]);
  }
  return points.filter((_, i) => kept.has(i));
}

/**
 * How far a point lies from a line between two.
 * @param {{x: number, y: number}} p @param {{x: number, y: number}} a @param {{x: number, y: number}} b
 */
function apart(p, a, b) {
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  const along = Math.min(1, Math.max(0, ((p.x - a.x) * dx + (p.y - a.y) * dy) / (dx * dx + dy * dy || 1)));
  return Math.hypot(p.x - a.x - along * dx, p.y - a.y - along * dy);
}
