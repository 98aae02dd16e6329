/**
 * Areas stay on what they lie on when the frame changes: their positions are shares of what is seen. The sky and other
 * areas that are found in the photo itself, and those of plug-ins, are left as they are.
 */

import { greysOf, resampled, valueOfGreys } from "./greys.js";
import { inverse, mapped, placed, product } from "./framing.js";
import { same, withLocal } from "../core/plan.js";
import { rowsOf } from "./strokes.js";

/** @import {Frame, Plan, Part, Schema} from "../core/types.js" */
/** @import {Matrix, Size} from "./framing.js" */
const MOST_GREYS = 1024; // pixels a side of a mask

/** @typedef {{matrix: Matrix, given: Size, wanted: Size}} Way from one picture to another, in pixels */

/**
 * A plan in another frame.
 * @param {Plan} plan @param {Frame|undefined} frame @param {Size} photo as it is without any @param {Schema} schema
 * @returns {Plan}
 */
export function reframed(plan, frame, photo, schema) {
  const { frame: before, ...rest } = plan;
  const made = { ...rest, ...(frame ? { frame } : {}) };
  if (!plan.local?.length || same(before, frame)) return withLocal(made, plan.local ?? []);
  const from = placed(before ?? {}, photo);
  const to = placed(frame ?? {}, photo);
  const way = { matrix: product(inverse(to.matrix), from.matrix), given: from.size, wanted: to.size };
  const local = plan.local.map((entry) => ({ ...entry, area: entry.area?.map((part) => moved(part, way, schema)) }));
  return withLocal(made, local);
}

/** @param {Part} part @param {Way} way @param {Schema} schema @returns {Part} */
function moved(part, way, schema) {
  const slots = schema.areas.find(({ id }) => id === part.id)?.slots;
  if (!slots || !(part.id in SHAPES)) return part;
  const rest = Object.fromEntries(Object.entries(slots).map(([name, slot]) => [name, slot.identity]));
  const values = SHAPES[part.id]({ ...rest, ...part.params }, way);
  const params = Object.entries(values).map(([name, value]) => [
    name,
    within(value, slots[name].low, slots[name].high),
  ]);
  return { ...part, params: { ...part.params, ...Object.fromEntries(params) } };
}

/** @param {any} value @param {any} low @param {any} high @returns {any} */
function within(value, low, high) {
  if (typeof value !== "number") return value;
  return Number(Math.min(high, Math.max(low, value)).toFixed(6));
}

/** @param {Way} way @param {number} x @param {number} y shares */
function point({ matrix, given, wanted }, x, y) {
  const at = mapped(matrix, x * given.width, y * given.height);
  return { x: at.x / wanted.width, y: at.y / wanted.height };
}

/**
 * Where a short way from a place leads.
 * @param {Way} way @param {{x: number, y: number}} from shares @param {number} turn
 */
function stretched({ matrix, given }, from, turn) {
  const [x, y] = [from.x * given.width, from.y * given.height];
  const a = mapped(matrix, x, y);
  const b = mapped(matrix, x + Math.cos(turn), y + Math.sin(turn));
  return { by: Math.hypot(b.x - a.x, b.y - a.y), angle: Math.atan2(b.y - a.y, b.x - a.x) };
}

/** @type {Record<string, (p: any, way: Way) => Record<string, any>>} */
const SHAPES = {
  linear(p, way) {
    const full = point(way, p.full_x, p.full_y);
    const zero = point(way, p.zero_x, p.zero_y);
    return { full_x: full.x, full_y: full.y, zero_x: zero.x, zero_y: zero.y };
  },
  ellipse(p, way) {
    const turn = (p.angle * Math.PI) / 180;
    const across = stretched(way, p, turn);
    const down = stretched(way, p, turn + Math.PI / 2);
    return {
      ...point(way, p.x, p.y),
      radius_x: (p.radius_x * across.by * way.given.width) / way.wanted.width,
      radius_y: (p.radius_y * down.by * way.given.height) / way.wanted.height,
      angle: (across.angle * 180) / Math.PI,
    };
  },
  bitmap(p, { matrix, given, wanted }) {
    const greys = greysOf(p.picture);
    if (greys.data.length === 1) return {};
    const side = (/** @type {number} */ pixels, /** @type {number} */ from, /** @type {number} */ to) =>
      Math.min(MOST_GREYS, Math.max(1, Math.round((pixels * to) / from)));
    const back = inverse(matrix);
    const from = (/** @type {number} */ x, /** @type {number} */ y) => {
      const at = mapped(back, x * wanted.width, y * wanted.height);
      return { x: at.x / given.width, y: at.y / given.height };
    };
    const width = side(greys.width, given.width, wanted.width);
    const height = side(greys.height, given.height, wanted.height);
    return { picture: valueOfGreys(resampled(greys, width, height, from)) };
  },
  brush(p, way) {
    const long = ({ width, height }) => Math.max(width, height);
    const strokes = rowsOf(p.strokes).map(([x, y, radius, ...rest]) => {
      const at = point(way, x, y);
      const by = Math.sqrt(stretched(way, { x, y }, 0).by * stretched(way, { x, y }, Math.PI / 2).by);
      const place = [at.x, at.y].map((each) => Number(Math.min(2, Math.max(-1, each)).toFixed(6)));
      const size = (radius * by * long(way.given)) / long(way.wanted);
      return [...place, Number(Math.min(1, size).toFixed(6)), ...rest];
    });
    return { strokes };
  },
};
