/**
 * Controls that plug-ins bring for slots of their own: a module whose default export is an element with a property
 * `binding`. The page draws the slot's name and its reset button, the element the rest.
 */

import { html } from "../vendor/lit.js";
import { t } from "../core/texts.js";
import { reset } from "./discrete.js";
import { registerControl } from "./registry.js";
import { Control } from "./scalar.js";

/** @import {Schema} from "../core/types.js" */

/**
 * Load the controls of plug-ins; one that cannot be used is listed with the reason, and its slot has its JSON.
 * @param {Schema} schema @param {() => void} loaded called after each
 */
export function loadControls(schema, loaded) {
  for (const [name, address] of Object.entries(schema.controls)) {
    import(address)
      .then(({ default: element }) => {
        if (!(element?.prototype instanceof HTMLElement)) throw new Error(t("own.none"));
        const tag = `own-${name.toLowerCase().replace(/[^a-z0-9]+/g, "-")}`;
        customElements.define(tag, element);
        registerControl(name, (binding) => html`<studio-own .binding=${binding} .tag=${tag}></studio-own>`);
      })
      .catch((error) => schema.broken.push({ id: name, reason: error instanceof Error ? error.message : String(error) }))
      .finally(loaded);
  }
}

/** A slot with the element of its plug-in; with its JSON where that fails. */
export class Own extends Control {
  static properties = { ...Control.properties, tag: {}, wrong: { state: true } };

  constructor() {
    super();
    this.tag = "";
    this.wrong = "";
    /** @type {any} */
    this.element = null;
  }

  render() {
    const { binding, wrong } = this;
    if (wrong) return html`<p class="wrong">${t("own.wrong", { why: wrong })}</p><studio-json .binding=${binding}></studio-json>`;
    const { label, slot, changed, lit } = binding;
    return html`<div class="own ${changed ? "changed" : ""} ${lit ? "lit" : ""}">
      <div class="row plain"><span class="name" title=${slot.doc}>${label}</span>${reset(binding)}</div>
      <div class="own-place"></div>
    </div>`;
  }

  updated() {
    if (this.wrong) return;
    try {
      this.element ??= document.createElement(this.tag);
      this.element.binding = this.binding;
      const place = this.querySelector(".own-place");
      if (place && !place.contains(this.element)) place.append(this.element);
    } catch (error) {
      this.wrong = error instanceof Error ? error.message : String(error);
    }
  }
}
customElements.define("studio-own", Own);
