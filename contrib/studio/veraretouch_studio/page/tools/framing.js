/**
 * The frame of a photo: quarter turns, perspective, angle, crop and flips, as one map of positions. The formulas are
 * those of core/photo/geometry/framing.py, so that what is dragged here is what the server makes.
 */

/** @import {Frame} from "../core/types.js" */

/**
 * @typedef {number[][]} Matrix 3 x 3, on homogeneous positions
 * @typedef {[number, number, number, number]} Box left, top, right and bottom edge
 * @typedef {{width: number, height: number}} Size in pixels
 */

/** @type {Box} */
export const WHOLE = [0, 0, 1, 1];
export const PERSPECTIVE = { vertical: 0, horizontal: 0, rotate: 0, scale: 100, aspect: 0 };
const FOCAL = 35 / Math.hypot(24, 36); // of a 35 mm lens, in diagonals of the photo
const TILT = Math.PI / 6; // of the camera, at 100 of vertical or horizontal
const ASPECT = 200; // of aspect, that halve or double height over width
const SLACK = 0.25; // pixels by which a crop may reach beyond the photo

/** @param {Matrix[]} factors @returns {Matrix} */
export function product(...factors) {
  return factors.reduce((a, b) =>
    a.map((row) => [0, 1, 2].map((j) => row.reduce((sum, each, k) => sum + each * b[k][j], 0))),
  );
}

/** @param {Matrix} m @returns {Matrix} */
export function inverse([[a, b, c], [d, e, f], [g, h, i]]) {
  const minors = [
    [e * i - f * h, c * h - b * i, b * f - c * e],
    [f * g - d * i, a * i - c * g, c * d - a * f],
    [d * h - e * g, b * g - a * h, a * e - b * d],
  ];
  const size = a * minors[0][0] + b * minors[1][0] + c * minors[2][0];
  return minors.map((row) => row.map((each) => each / size));
}

/** Where a matrix takes a position. @param {Matrix} m @param {number} x @param {number} y */
export function mapped(m, x, y) {
  const [across, down, depth] = m.map((row) => row[0] * x + row[1] * y + row[2]);
  return { x: across / depth, y: down / depth };
}

/** @param {number} x @param {number} y @returns {Matrix} */
export const shifted = (x, y) => [
  [1, 0, x],
  [0, 1, y],
  [0, 0, 1],
];

/** @param {number} x @param {number} y @param {number} [z] @returns {Matrix} */
export const scaled = (x, y, z = 1) => [
  [x, 0, 0],
  [0, y, 0],
  [0, 0, z],
];

/** Clockwise, as y points down. @param {number} degrees @returns {Matrix} */
function turned(degrees) {
  const turn = (degrees * Math.PI) / 180;
  return [
    [Math.cos(turn), -Math.sin(turn), 0],
    [Math.sin(turn), Math.cos(turn), 0],
    [0, 0, 1],
  ];
}

/** As by a camera turned about its centre, which stays and keeps its area. @returns {Matrix} */
function tilted(/** @type {number} */ vertical, /** @type {number} */ horizontal, /** @type {number} */ focal) {
  if (!vertical && !horizontal) return scaled(1, 1);
  const up = (-vertical / 100) * TILT;
  const aside = (-horizontal / 100) * TILT;
  const aboutX = [
    [1, 0, 0],
    [0, Math.cos(up), -Math.sin(up)],
    [0, Math.sin(up), Math.cos(up)],
  ];
  const aboutY = [
    [Math.cos(aside), 0, -Math.sin(aside)],
    [0, 1, 0],
    [Math.sin(aside), 0, Math.cos(aside)],
  ];
  const raw = product(scaled(focal, focal), aboutY, aboutX, scaled(1 / focal, 1 / focal));
  const seen = raw.map((row) => row.map((each) => each / raw[2][2]));
  const slope = (/** @type {number} */ i, /** @type {number} */ j) => seen[i][j] - seen[i][2] * seen[2][j];
  const area = 1 / Math.sqrt(slope(0, 0) * slope(1, 1) - slope(0, 1) * slope(1, 0));
  return product(scaled(area, area), shifted(-seen[0][2], -seen[1][2]), seen);
}

/** Whether pixels are made anew: crop and flips alone take them as they are. @param {Frame} frame */
export function turns({ angle = 0, perspective = {} }) {
  return angle !== 0 || Object.entries(PERSPECTIVE).some(([name, rest]) => (perspective[name] ?? rest) !== rest);
}

/** The size of a photo after its quarter turns. @param {Frame} frame @param {Size} size @returns {Size} */
export function sides({ quarter_turns = 0 }, { width, height }) {
  return quarter_turns % 2 ? { width: height, height: width } : { width, height };
}

/** The quarter turns of a photo. @param {number} count @param {Size} size @returns {Matrix} */
function quarters(count, { width, height }) {
  if (count === 1)
    return [
      [0, -1, height],
      [1, 0, 0],
      [0, 0, 1],
    ];
  if (count === 2)
    return [
      [-1, 0, width],
      [0, -1, height],
      [0, 0, 1],
    ];
  return count === 3
    ? [
        [0, 1, 0],
        [-1, 0, width],
        [0, 0, 1],
      ]
    : scaled(1, 1);
}

/** From pixels of the photo to those of the turned one. @param {Frame} frame @param {Size} photo @returns {Matrix} */
export function forth(frame, photo) {
  const { angle = 0, perspective = {}, quarter_turns = 0 } = frame;
  const { width, height } = sides(frame, photo);
  const { vertical, horizontal, rotate, scale, aspect } = { ...PERSPECTIVE, ...perspective };
  return product(
    shifted(width / 2, height / 2),
    turned(angle),
    scaled(2 ** (-aspect / ASPECT), 2 ** (aspect / ASPECT), 100 / scale),
    turned(rotate),
    tilted(vertical, horizontal, FOCAL * Math.hypot(width, height)),
    shifted(-width / 2, -height / 2),
    quarters(quarter_turns, photo),
  );
}

/**
 * How large, 0 to 1, a box of the turned photo may be about its own centre to lie within the photo; below 0 where its
 * centre does not.
 * @param {Matrix} back from the turned photo to the photo @param {Box} box in pixels @param {Size} size
 */
export function shareWithin(back, [left, top, right, bottom], { width, height }) {
  const on = (/** @type {number[]} */ at) => back.map((row) => row.reduce((sum, each, k) => sum + each * at[k], 0));
  const centre = on([(left + right) / 2, (top + bottom) / 2, 1]);
  let share = 1;
  for (const [across, down] of [
    [-1, -1],
    [1, -1],
    [-1, 1],
    [1, 1],
  ]) {
    const way = on([(across * (right - left)) / 2, (down * (bottom - top)) / 2, 0]);
    for (const edge of [
      [1, 0, 0],
      [0, 1, 0],
      [-1, 0, width],
      [0, -1, height],
      [0, 0, 1],
    ]) {
      const start = edge.reduce((sum, each, k) => sum + each * centre[k], 0);
      const change = edge.reduce((sum, each, k) => sum + each * way[k], 0);
      if (start <= 0) return -1;
      if (start + change < -SLACK) share = Math.min(share, -start / change);
    }
  }
  return share;
}

/** A box about its own centre. @param {Box} box @param {number} share of its size @returns {Box} */
export function shrunk([left, top, right, bottom], share) {
  const [x, y] = [(left + right) / 2, (top + bottom) / 2];
  const [across, down] = [(share * (right - left)) / 2, (share * (bottom - top)) / 2];
  return [x - across, y - down, x + across, y + down];
}

/**
 * The crop as it is seen: smaller where it would reach beyond the photo.
 * @param {Frame} frame @param {Size} size @returns {Box}
 */
export function fittedCrop(frame, size) {
  const { width, height } = sides(frame, size);
  const [left, top, right, bottom] = frame.crop ?? WHOLE;
  const box = /** @type {Box} */ ([left * width, top * height, right * width, bottom * height]);
  return shrunk([left, top, right, bottom], Math.max(0, shareWithin(inverse(forth(frame, size)), box, size)));
}

/**
 * The frame with its crop's centre on the photo, so that it shows something.
 * @param {Frame} frame @param {Size} size @returns {Frame}
 */
export function centred(frame, size) {
  const { width, height } = sides(frame, size);
  const back = inverse(forth(frame, size));
  const [left, top, right, bottom] = frame.crop ?? WHOLE;
  const at = (/** @type {number} */ share) => {
    const [dx, dy] = [(0.5 - (left + right) / 2) * share, (0.5 - (top + bottom) / 2) * share];
    return /** @type {Box} */ ([left + dx, top + dy, right + dx, bottom + dy]);
  };
  for (let step = 0; step <= 20; step += 1) {
    const [l, t, r, b] = at(step / 20);
    if (shareWithin(back, [l * width, t * height, r * width, b * height], size) > 0.05) {
      return step ? { ...frame, crop: [l, t, r, b] } : frame;
    }
  }
  return { ...frame, crop: WHOLE };
}

/**
 * Where what a frame shows lies on the photo.
 * @param {Frame} frame @param {Size} size of the photo
 * @returns {{size: Size, matrix: Matrix}} from positions in what is seen to those in the photo, in pixels
 */
export function placed(frame, size) {
  const { width, height } = sides(frame, size);
  const given = frame.crop ?? WHOLE;
  const crop = fittedCrop(frame, size);
  const whole = [width, height, width, height];
  const smaller = crop.some((edge, i) => Math.abs(edge - given[i]) > 1e-12);
  const rounded = (/** @type {number} */ i) => (smaller ? (i < 2 ? Math.ceil : Math.floor) : Math.round);
  const edges = crop.map((edge, i) => rounded(i)(edge * whole[i]));
  for (const i of [0, 1]) {
    if (!turns(frame)) edges[i] = Math.min(edges[i], whole[i] - 1);
    edges[i + 2] = Math.max(edges[i + 2], edges[i] + 1);
  }
  const seen = { width: edges[2] - edges[0], height: edges[3] - edges[1] };
  return {
    size: seen,
    matrix: product(inverse(forth(frame, size)), shifted(edges[0], edges[1]), mirrored(frame, seen)),
  };
}

/** The flip of a picture of some size. @param {Frame} frame @param {Size} size @returns {Matrix} */
export function mirrored({ flip = "none" }, { width, height }) {
  const across = flip === "horizontal" || flip === "both";
  const down = flip === "vertical" || flip === "both";
  return [
    [across ? -1 : 1, 0, across ? width : 0],
    [0, down ? -1 : 1, down ? height : 0],
    [0, 0, 1],
  ];
}

/** A box, in shares, in the flipped picture; and back. @param {Frame} frame @param {Box} box @returns {Box} */
export function flippedBox({ flip = "none" }, [left, top, right, bottom]) {
  const across = flip === "horizontal" || flip === "both";
  const down = flip === "vertical" || flip === "both";
  const [l, r] = across ? [1 - right, 1 - left] : [left, right];
  const [t, b] = down ? [1 - bottom, 1 - top] : [top, bottom];
  return [l, t, r, b];
}

/** A frame of what changes something; undefined where nothing does. @param {Frame} frame @returns {Frame|undefined} */
export function tidy(frame) {
  const { crop, angle = 0, flip = "none", perspective = {}, lens, quarter_turns } = frame;
  /** @type {Frame} */
  const made = {};
  const seen = Object.entries(perspective).filter(
    ([name, value]) => value !== PERSPECTIVE[/** @type {"scale"} */ (name)],
  );
  const turn = Number(angle.toFixed(2));
  if (crop) {
    const [low, high] = turn || seen.length ? [-1, 2] : [0, 1];
    const edges = crop.map((edge) => Number(Math.min(high, Math.max(low, edge)).toFixed(6)));
    if (edges.some((edge, i) => edge !== WHOLE[i])) made.crop = /** @type {Box} */ (edges);
  }
  if (turn) made.angle = turn;
  if (flip !== "none") made.flip = flip;
  if (seen.length) made.perspective = Object.fromEntries(seen);
  if (lens) made.lens = lens;
  if (quarter_turns) made.quarter_turns = quarter_turns;
  return Object.keys(made).length ? made : undefined;
}
