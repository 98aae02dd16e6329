/** Keys: what each does, and when it leaves the key to whatever has the focus. */

/** @type {{key: string, shift?: boolean, ctrl?: boolean, does: string}[]} */
export const KEYS = [
  { key: "\\", does: "hold" },
  { key: "y", does: "compare" },
  { key: "z", does: "zoom" },
  { key: "+", does: "zoomIn" },
  { key: "-", does: "zoomOut" },
  { key: " ", does: "pan" },
  { key: "ArrowLeft", does: "previous" },
  { key: "ArrowRight", does: "next" },
  { key: "z", ctrl: true, does: "undo" },
  { key: "z", ctrl: true, shift: true, does: "redo" },
  { key: "c", ctrl: true, does: "copy" },
  { key: "v", ctrl: true, does: "paste" },
  { key: "a", ctrl: true, does: "selectAll" },
  { key: "a", does: "auto" },
  { key: "Escape", does: "stop" },
  { key: "p", does: "pasteSome" },
  { key: "/", does: "prompt" },
  { key: "j", does: "clipping" },
  { key: "m", does: "mask" },
  { key: "c", does: "frame" },
  { key: "b", does: "brush" },
  { key: "x", does: "erase" },
  { key: "[", does: "smaller" },
  { key: "]", does: "larger" },
  { key: "{", does: "softer" },
  { key: "}", does: "harder" },
  { key: "Enter", does: "apply" },
  { key: "e", does: "export" },
  { key: "g", does: "grid" },
  { key: "?", does: "help" },
];

const SINGLE = "studio.single-keys";

export const singleKeys = () => localStorage.getItem(SINGLE) !== "off";
/** @param {boolean} on */
export const setSingleKeys = (on) => localStorage.setItem(SINGLE, on ? "on" : "off");

const TYPING = "input:not([type=range],[type=checkbox],[type=radio],[type=file]), textarea, select, [contenteditable]";

/**
 * What a key press asks for; null where it belongs to what has the focus.
 * @param {KeyboardEvent} event
 */
export function wish(event) {
  const target = /** @type {Element|null} */ (event.composedPath()[0] ?? null);
  const inside = target instanceof Element ? target : document.body;
  const ctrl = (event.ctrlKey || event.metaKey) && !event.getModifierState?.("AltGraph");
  const written = event.getModifierState?.("AltGraph"); // how many keyboards write brackets
  if ((event.altKey && !written) || inside.closest(TYPING)) return null;
  if (document.querySelector("dialog[open]")) return null;
  const own = inside.closest("input[type=range], [role=slider], [role=tablist], [role=listbox], [data-arrows]");
  if (own && /^Arrow|^ $|^[+-]$/.test(event.key)) return null;
  const presses = event.key === " " || event.key === "Enter";
  if (presses && inside.closest("button, a, summary, input, [role=option]")) return null;
  if (ctrl && /^[cv]$/.test(event.key) && String(getSelection())) return null;
  const symbol = /^[^a-z]$/i.test(event.key); // its Shift is the keyboard's, not ours
  const found = KEYS.find(
    ({ key, shift = false, ctrl: held = false }) =>
      key.toLowerCase() === event.key.toLowerCase() && held === ctrl && (symbol || shift === event.shiftKey),
  );
  if (!found || (!singleKeys() && !ctrl && /^[a-z/?\\+[\]{}-]$/i.test(found.key))) return null;
  return found.does;
}
