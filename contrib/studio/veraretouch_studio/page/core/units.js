/** Numbers as people read and type them: "150 mired" of a slot from -1 to 1 makes 0.2 read "30 mired". */

/** @import {Slot} from "./types.js" */

/** @param {string} unit @returns {{factor: number, name: string}} */
export function unitOf(unit) {
  const parts = /^(\d+(?:\.\d+)?) (.+)$/.exec(unit);
  if (parts) return { factor: Number(parts[1]), name: parts[2] };
  return { factor: 1, name: unit === "1" ? "" : unit };
}

const SIGNS = /** @type {Record<string, string>} */ ({ degree: "°", degrees: "°" });

/** What a unit is called beside a number. @param {Slot} slot */
export function unitSign(slot) {
  const { name } = unitOf(slot.unit);
  return SIGNS[name] ?? name;
}

/** Digits after the point that tell neighbouring steps apart. @param {number} step */
const digits = (step) => Math.max(0, Math.min(4, Math.ceil(-Math.log10(step) - 1e-9)));

/** The least move of a slot's slider, in its own numbers. @param {number} low @param {number} high */
export function stepOf(low, high) {
  const span = high - low;
  if (span <= 0.5) return 0.002;
  return span <= 12 ? 0.01 : span <= 100 ? 0.1 : 1;
}

/** @param {Slot} slot @param {number} value @param {number} step */
export function shown(slot, value, step) {
  const { factor } = unitOf(slot.unit);
  const text = (value * factor).toFixed(digits(step * factor));
  const signed = scalar(slot.low) < 0 && Number(text) > 0 ? `+${text}` : text;
  return Number(text) === 0 ? text.replace("-", "") : signed.replace("-", "−");
}

/** A number with its unit, for people who listen. @param {Slot} slot @param {number} value @param {number} step */
export function spoken(slot, value, step) {
  return `${shown(slot, value, step)} ${unitSign(slot)}`.trim();
}

/** What was typed, in the slot's own numbers; null for no number. @param {Slot} slot @param {string} text */
export function typed(slot, text) {
  const number = Number(text.replace("−", "-").replace(",", ".").replace(/[^\d.+-]+$/, "").trim() || NaN);
  return Number.isFinite(number) ? number / unitOf(slot.unit).factor : null;
}

/** One number of a bound that may be a list. @param {any} bound @param {number} [place] @returns {number} */
export function scalar(bound, place = 0) {
  const flat = Array.isArray(bound) ? bound.flat(Infinity) : [bound];
  return Number(flat[Math.min(place, flat.length - 1)] ?? 0);
}
