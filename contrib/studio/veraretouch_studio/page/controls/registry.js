/** Which control a slot has: that of a plug-in for this very slot, else that of its kind. */

import { html } from "../vendor/lit.js";
import "./scalar.js";
import "./bands.js";
import "./curve.js";
import "./matrix.js";
import "./discrete.js";
import "./grey.js";
import "./plain.js";

/** @import {Binding} from "../core/bindings.js" */

/** @type {Map<string, (binding: Binding) => unknown>} */
const controls = new Map([
  ["scalar", (binding) => html`<studio-scalar .binding=${binding}></studio-scalar>`],
  ["whole", (binding) => html`<studio-scalar .binding=${binding}></studio-scalar>`],
  ["bands", (binding) => html`<studio-bands .binding=${binding}></studio-bands>`],
  ["curve", (binding) => html`<studio-curve .binding=${binding}></studio-curve>`],
  ["matrix", (binding) => html`<studio-matrix .binding=${binding}></studio-matrix>`],
  ["choice", (binding) => html`<studio-choice .binding=${binding}></studio-choice>`],
  ["switch", (binding) => html`<studio-switch .binding=${binding}></studio-switch>`],
  ["grey_picture", (binding) => html`<studio-grey .binding=${binding}></studio-grey>`],
  ["embedding", (binding) => html`<studio-summary .binding=${binding}></studio-summary>`],
  ["lattice", (binding) => html`<studio-summary .binding=${binding}></studio-summary>`],
]);

/** @param {string} name a kind, or a slot's address @param {(binding: Binding) => unknown} control gives what lit-html draws */
export function registerControl(name, control) {
  if (controls.has(name)) throw new Error(`${name} has a control already`);
  controls.set(name, control);
}

/** The control of a slot; where nobody knows its kind a field for its JSON. @param {Binding} binding */
export function controlFor(binding) {
  const control = controls.get(binding.address) ?? controls.get(binding.slot.kind);
  return control ? control(binding) : html`<studio-json .binding=${binding}></studio-json>`;
}
