/** Strokes of a brush as a plan holds them: rows of x, y, radius, hardness, flow and joined. */

import { withEntry } from "../core/plan.js";

/** @import {Local, Part, Plan, Schema} from "../core/types.js" */
/** @typedef {number[]} Row shares of the photo: x of its width, y of its height, radius of its long side; hardness, flow, joined */

export const BRUSH = "brush";
const MOST_ROWS = 20_000; // of a slot
const MOST_PARTS = 100; // of an area

/** The rows of a value; a plan's file has many of them in base64, as float32. @param {any} value @returns {Row[]} */
export function rowsOf(value) {
  if (!value?.base64) return Array.isArray(value) ? value : []; // at rest it is the name of its kind
  const bytes = Uint8Array.from(atob(value.base64), (letter) => letter.charCodeAt(0));
  const numbers = [...new Float32Array(bytes.buffer)];
  return Array.from({ length: value.shape[0] }, (_, i) => numbers.slice(6 * i, 6 * i + 6).map((each) => Number(each.toFixed(6))));
}

/** How many strokes rows hold: those that paint something. @param {Row[]} rows */
export function count(rows) {
  return rows.filter((row, i) => (i === 0 || !row[5]) && (row[2] > 0 || rows[i + 1]?.[2] > 0)).length;
}

/**
 * A local adjustment with one more stroke: in the part of strokes that comes last, where that paints, or erases, as is
 * wanted; else in a new one. Null where there is no room.
 * @param {Local} entry @param {Row[]} rows @param {boolean} erases @param {Schema} schema @returns {Local|null}
 */
function painted(entry, rows, erases, schema) {
  const parts = entry.area ?? [];
  const last = parts.at(-1);
  const combine = erases ? "subtract" : "add";
  const does = last?.combine === "subtract" ? "subtract" : parts.length === 1 ? "add" : (last?.combine ?? "add");
  if (last?.id === BRUSH && !last.invert && does === combine) {
    const before = rowsOf(last.params?.strokes);
    const held = count(before) ? before : []; // one point of no size is what paints nothing
    if (held.length + rows.length <= MOST_ROWS) {
      return { ...entry, area: [...parts.slice(0, -1), { ...last, params: { ...last.params, strokes: [...held, ...rows] } }] };
    }
  }
  if (parts.length >= MOST_PARTS) return null;
  const { version, from } = /** @type {any} */ (schema.areas.find(({ id }) => id === BRUSH));
  const refine = parts.findLast(({ id }) => id === BRUSH)?.params?.refine;
  /** @type {Part} */
  const part = { id: BRUSH, version, ...(from ? { from } : {}), params: { strokes: rows, ...(refine ? { refine } : {}) } };
  return { ...entry, area: [...parts, erases ? { ...part, combine } : part] };
}

/**
 * @param {Plan|null} plan @param {string} name of the local adjustment @param {Row[]} rows @param {boolean} erases
 * @param {Schema} schema @returns {Plan|null} null where the area has no room for another stroke
 */
export function withStroke(plan, name, rows, erases, schema) {
  let full = false;
  const made = withEntry(plan, name, (entry) => {
    const next = painted(entry, rows, erases, schema);
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

/** How far a point lies from a line between two. @param {{x: number, y: number}} p @param {{x: number, y: number}} a @param {{x: number, y: number}} b */
function apart(p, a, b) {
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  const along = Math.min(1, Math.max(0, ((p.x - a.x) * dx + (p.y - a.y) * dy) / (dx * dx + dy * dy || 1)));
  return Math.hypot(p.x - a.x - along * dx, p.y - a.y - along * dy);
}
