/** Mouse, wheel and fingers on the picture, as moves of the viewport. */

/** @import {Viewport} from "../core/viewport.js" */

const SLOP = 6; // CSS pixels that a click may wander
const DOUBLE = 350; // milliseconds between the taps of a double tap

/**
 * @param {HTMLElement} stage
 * @param {{viewport: Viewport, place: (event: {clientX: number, clientY: number}) => {x: number, y: number},
 *   hover: (at: {x: number, y: number}|null) => void}} options `place` gives device pixels within the pane
 */
export function gestures(stage, { viewport, place, hover }) {
  /** @type {Map<number, {x: number, y: number}>} */
  const down = new Map();
  let moved = 0;
  let lastTap = 0;

  const spread = () => {
    const [a, b] = [...down.values()];
    return { length: Math.hypot(a.x - b.x, a.y - b.y), x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
  };

  stage.addEventListener("pointerdown", (event) => {
    if (event.button > 0 && event.button !== 1) return;
    stage.setPointerCapture(event.pointerId);
    down.set(event.pointerId, { x: event.clientX, y: event.clientY });
    moved = 0;
  });
  stage.addEventListener("pointermove", (event) => {
    if (event.pointerType === "mouse") hover(place(event));
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
    if (!down.delete(event.pointerId) || event.type === "pointercancel") return;
    if (moved > SLOP) return;
    const at = place(event);
    hover(at);
    if (event.timeStamp - lastTap < DOUBLE) viewport.toggle(at.x, at.y);
    lastTap = event.timeStamp - lastTap < DOUBLE ? 0 : event.timeStamp;
  };
  stage.addEventListener("pointerup", up);
  stage.addEventListener("pointercancel", up);
  stage.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && hover(null));
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
