/** Changing a photo's frame: what a drag makes of the crop, and the frame that is saved. */

import {
  centred,
  fittedCrop,
  flippedBox,
  forth,
  inverse,
  PERSPECTIVE,
  shareWithin,
  shrunk,
  sides,
  tidy,
  WHOLE,
} from "./framing.js";
import { reframed } from "./moving.js";
import { emptyPlan, same } from "../core/plan.js";

/** @import {Store} from "../core/store.js" */
/** @import {Frame, Plan, Schema} from "../core/types.js" */
/** @import {Box, Size} from "./framing.js" */
/** @import {How} from "../core/bindings.js" */

export const ASPECTS = ["free", "original", "1:1", "5:4", "4:3", "3:2", "16:9", "4:5", "3:4", "2:3", "9:16"];
const SMALLEST = 0.02; // of the long side: how small a crop can be dragged
const HALVINGS = 20;

/** Width over height of an aspect; null where it is free. @param {string} aspect @param {Size} photo */
export function ratioOf(aspect, photo) {
  if (aspect === "free") return null;
  if (aspect === "original") return photo.width / photo.height;
  const [across, down] = aspect.split(":").map(Number);
  return across / down;
}

/** The frame as it is shown: while it is dragged ahead of the plan's. @param {Store} store @returns {Frame} */
export const frameOf = (store) => store.draft ?? store.plan?.frame ?? {};

/**
 * The frame that shows all of a photo: what a lens did is undone before anything else.
 * @param {Frame|undefined} frame @returns {Frame|undefined}
 */
export const wholeFrame = (frame) => (frame?.lens ? { lens: frame.lens } : undefined);

/** A plan with all of the photo seen. @param {Plan|null} plan @param {Size} photo @param {Schema} schema */
export const unframed = (plan, photo, schema) => plan && reframed(plan, wholeFrame(plan.frame), photo, schema);

/**
 * The plan that areas are moved from while one frame after the other is tried, so that none is lost on the way.
 * @type {{from: Plan|null, made: Plan|null}}
 */
let anchor = { from: null, made: null };

/** @param {Store} store @param {Frame} frame @param {string} name of the step @param {How} how */
export function setFrame(store, frame, name, how) {
  const { photo, plan, schema } = store;
  if (!photo) return;
  const made = tidy(centred(frame, photo.whole));
  if (how === "drag") {
    store.draft = made ?? {};
    return store.tell();
  }
  store.draft = null;
  if (plan !== anchor.made || !anchor.made) anchor = { from: plan ?? emptyPlan(), made: null };
  const next = reframed(/** @type {Plan} */ (anchor.from), made, photo.whole, schema);
  anchor.made = same(next, emptyPlan()) ? null : next;
  store.change(anchor.made, name, how);
}

/** The crop in pixels of the turned and flipped photo. @param {Frame} frame @param {Size} photo @returns {Box} */
export function shownCrop(frame, photo) {
  const [left, top, right, bottom] = flippedBox(frame, fittedCrop(frame, photo));
  const { width, height } = sides(frame, photo);
  return [left * width, top * height, right * width, bottom * height];
}

/**
 * The frame with a crop that is given as `shownCrop` gives it.
 * @param {Frame} frame @param {Box} box @param {Size} photo @returns {Frame}
 */
export function withShownCrop(frame, [left, top, right, bottom], photo) {
  const { width, height } = sides(frame, photo);
  return { ...frame, crop: flippedBox(frame, [left / width, top / height, right / width, bottom / height]) };
}

/** Whether a box, as `shownCrop` gives it, lies on the photo. @param {Frame} frame @param {Size} photo */
function fits(frame, photo) {
  const back = inverse(forth(frame, photo));
  const { width, height } = sides(frame, photo);
  return (/** @type {Box} */ box) => {
    const [left, top, right, bottom] = withShownCrop(frame, box, photo).crop ?? [0, 0, 1, 1];
    return shareWithin(back, [left * width, top * height, right * width, bottom * height], photo) === 1;
  };
}

/**
 * As far from one box to another as the photo reaches.
 * @param {Box} from @param {Box} to @param {(box: Box) => boolean} inside
 */
function asFar(from, to, inside) {
  if (inside(to)) return to;
  let [low, high] = [0, 1];
  const at = (/** @type {number} */ share) => /** @type {Box} */ (from.map((edge, i) => edge + share * (to[i] - edge)));
  for (let step = 0; step < HALVINGS; step += 1) {
    const middle = (low + high) / 2;
    if (inside(at(middle))) low = middle;
    else high = middle;
  }
  return at(low);
}

/**
 * The crop after one of its handles was moved.
 * @param {Frame} frame @param {Size} photo @param {Box} box the crop before
 * @param {number} across -1 for the left edge, 1 for the right one, 0 for neither @param {number} down likewise
 * @param {number} dx pixels @param {number} dy @param {number|null} ratio
 * @returns {Box}
 */
export function dragged(frame, photo, box, across, down, dx, dy, ratio) {
  const inside = fits(frame, photo);
  const least = SMALLEST * Math.max(photo.width, photo.height);
  const [left, top, right, bottom] = box;
  if (!across && !down) {
    const aside = asFar(box, [left + dx, top, right + dx, bottom], inside);
    return asFar(aside, [aside[0], top + dy, aside[2], bottom + dy], inside);
  }
  let width = Math.max(least, right - left + across * dx);
  let height = Math.max(least, bottom - top + down * dy);
  if (ratio !== null) {
    if (across && down) width = Math.max(least, (width + height * ratio) / 2);
    else if (down) width = height * ratio;
    height = width / ratio;
  }
  const x = /** @type {[number, number]} */ (
    across > 0 ? [left, left + width] : across < 0 ? [right - width, right] : centredAt((left + right) / 2, width)
  );
  const y = /** @type {[number, number]} */ (
    down > 0 ? [top, top + height] : down < 0 ? [bottom - height, bottom] : centredAt((top + bottom) / 2, height)
  );
  if (ratio !== null) return asFar(box, [x[0], y[0], x[1], y[1]], inside);
  const wider = asFar(box, [x[0], top, x[1], bottom], inside);
  return asFar(wider, [wider[0], y[0], wider[2], y[1]], inside);
}

/** @param {number} middle @param {number} size */
const centredAt = (middle, size) => [middle - size / 2, middle + size / 2];

/**
 * The crop in other proportions about its own centre: as large as it was, or as the photo allows where it reached its
 * edge.
 * @param {Frame} frame @param {Size} photo @param {number} ratio @returns {Box}
 */
export function proportioned(frame, photo, ratio) {
  const inside = fits(frame, photo);
  const box = shownCrop(frame, photo);
  const [x, y] = [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2];
  const area = (box[2] - box[0]) * (box[3] - box[1]);
  const full = !inside(shrunk(box, 1.01));
  const size = full ? 3 * Math.max(photo.width, photo.height) : Math.sqrt(area / ratio);
  const wish = /** @type {Box} */ ([x - (size * ratio) / 2, y - size / 2, x + (size * ratio) / 2, y + size / 2]);
  return asFar([x, y, x, y], wish, inside);
}

/**
 * The angle that makes a line level or upright, whichever is nearer.
 * @param {Frame} frame @param {number} dx @param {number} dy as they are seen
 */
export function straightened(frame, dx, dy) {
  const hangs = (Math.atan2(dy, dx) * 180) / Math.PI;
  const off = hangs - 90 * Math.round(hangs / 90);
  const mirrored = frame.flip === "horizontal" || frame.flip === "vertical";
  return Math.min(45, Math.max(-45, (frame.angle ?? 0) + (mirrored ? off : -off)));
}

/**
 * The frame turned by 90 degrees, clockwise or the other way: what is seen is turned, and stays otherwise.
 * @param {Frame} frame @param {1|-1} way @returns {Frame}
 */
export function quartered(frame, way) {
  const { crop = WHOLE, flip = "none", perspective = {}, quarter_turns = 0 } = frame;
  const [left, top, right, bottom] = crop;
  const seen = { ...PERSPECTIVE, ...perspective };
  const mirrored = flip === "horizontal" || flip === "vertical";
  // Below a mirror the photo itself is turned the other way.
  const turn = mirrored ? -way : way;
  return {
    ...frame,
    quarter_turns: (quarter_turns + turn + 4) % 4,
    crop: turn > 0 ? [1 - bottom, left, 1 - top, right] : [top, 1 - right, bottom, 1 - left],
    perspective: {
      ...seen,
      vertical: turn * seen.horizontal,
      horizontal: -turn * seen.vertical,
      aspect: -seen.aspect,
    },
  };
}

/**
 * The frame with its sides exchanged, in the direction that is named; what is seen stays.
 * @param {Frame} frame @param {"horizontal"|"vertical"} way @returns {Frame}
 */
export function flipped(frame, way) {
  const held = new Set(frame.flip === "both" ? ["horizontal", "vertical"] : [frame.flip ?? "none"]);
  held.delete("none");
  if (!held.delete(way)) held.add(way);
  const flip = held.size === 2 ? "both" : ([...held][0] ?? "none");
  return { ...frame, flip: /** @type {any} */ (flip) };
}
