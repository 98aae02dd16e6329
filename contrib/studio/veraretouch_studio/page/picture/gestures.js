/** Mouse, wheel and fingers on the picture, as moves of the viewport; one finger is a tool's where there is one. */

/** @import {Viewport} from "../core/viewport.js" */

const SLOP = 6; // CSS pixels that a click may wander
const DOUBLE = 350; // milliseconds between the taps of a double tap

/**
 * What one pointer does on the picture in place of panning.
 * @typedef {{hover: (event: PointerEvent|null) => void, down: (event: PointerEvent) => void,
 *   move: (event: PointerEvent) => void, up: () => void, cancel: () => void}} Tool
 */

/**
 * @param {HTMLElement} stage
 * @param {{viewport: Viewport, place: (event: {clientX: number, clientY: number}) => {x: number, y: number},
 *   hover: (at: {x: number, y: number}|null) => void, tool: () => Tool|null}} options `place` gives device pixels
 *   within the pane
 */
export function gestures(stage, { viewport, place, hover, tool }) {
  /** @type {Map<number, {x: number, y: number}>} */
  const down = new Map();
  let moved = 0;
  let lastTap = 0;
  /** The tool that a pointer is at work with. @type {Tool|null} */
  let working = null;

  const spread = () => {
    const [a, b] = [...down.values()];
    return { length: Math.hypot(a.x - b.x, a.y - b.y), x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
  };

  stage.addEventListener("pointerdown", (event) => {
    if (event.button > 0 && event.button !== 1) return;
    stage.setPointerCapture(event.pointerId);
    down.set(event.pointerId, { x: event.clientX, y: event.clientY });
    moved = 0;
    working?.cancel(); // a second finger pans and zooms
    working = down.size === 1 && event.button === 0 ? tool() : null;
    working?.down(event);
  });
  stage.addEventListener("pointermove", (event) => {
    if (working) return working.move(event);
    if (event.pointerType === "mouse") hover(place(event));
    if (!down.size && event.pointerType !== "touch") tool()?.hover(event);
    const before = down.get(event.pointerId);
    if (!before) return;
    const pinch = down.size === 2 ? spread() : null;
    down.set(event.pointerId, { x: event.clientX, y: event.clientY });
    const dx = event.clientX - before.x;
    const dy = event.clientY - before.y;
    moved += Math.abs(dx) + Math.abs(dy);
    if (pinch) {
      const now = spread();
      const at = place({ clientX: now.x, clientY: now.y });
      viewport.zoomTo((viewport.scale * now.length) / Math.max(1, pinch.length), at.x, at.y);
      viewport.pan((now.x - pinch.x) * viewport.ratio, (now.y - pinch.y) * viewport.ratio);
    } else if (down.size === 1 && moved > SLOP) viewport.pan(dx * viewport.ratio, dy * viewport.ratio);
  });
  const up = (/** @type {PointerEvent} */ event) => {
    const known = down.delete(event.pointerId);
    if (working) {
      if (event.type === "pointercancel") working.cancel();
      else working.up();
      if (event.pointerType === "touch") working.hover(null);
      working = null;
      return;
    }
    if (!known || event.type === "pointercancel") return;
    if (moved > SLOP) return;
    const at = place(event);
    hover(at);
    if (event.timeStamp - lastTap < DOUBLE) viewport.toggle(at.x, at.y);
    lastTap = event.timeStamp - lastTap < DOUBLE ? 0 : event.timeStamp;
  };
  stage.addEventListener("pointerup", up);
  stage.addEventListener("pointercancel", up);
  stage.addEventListener("pointerleave", (event) => {
    if (event.pointerType === "mouse") hover(null);
    if (!down.size) tool()?.hover(null);
  });
  stage.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      const at = place(event);
      viewport.zoomTo(viewport.scale * Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.002)), at.x, at.y);
    },
    { passive: false },
  );
}
