import { html } from "../vendor/lit.js";
import { named, t } from "../core/texts.js";
import { Control } from "./scalar.js";

/** One of several words. */
export class Choice extends Control {
  render() {
    const { id, label, slot, value, changed, lit, set } = this.binding;
    const options = slot.options ?? [];
    const chosen = typeof value === "number" ? options[value] : value;
    return html`<div class="row plain ${changed ? "changed" : ""} ${lit ? "lit" : ""}">
      <label for=${id} title=${slot.doc}>${label}</label>
      <select
        id=${id}
        aria-description=${slot.doc}
        @change=${(/** @type {any} */ event) => set(event.target.value, "done")}
      >
        ${options.map((word) => html`<option value=${word} ?selected=${word === chosen}>${named("option", word)}</option>`)}
      </select>
      ${reset(this.binding)}
    </div>`;
  }
}
customElements.define("studio-choice", Choice);

/** On or off. */
export class Switch extends Control {
  render() {
    const { id, label, slot, value, changed, lit, set } = this.binding;
    return html`<div class="row plain ${changed ? "changed" : ""} ${lit ? "lit" : ""}">
      <label for=${id} title=${slot.doc}>${label}</label>
      <input
        id=${id}
        type="checkbox"
        role="switch"
        class="switch"
        aria-description=${slot.doc}
        .checked=${Boolean(value)}
        @change=${(/** @type {any} */ event) => set(event.target.checked, "done")}
      />
      ${reset(this.binding)}
    </div>`;
  }
}
customElements.define("studio-switch", Switch);

/** The button that takes a slot back to rest. @param {import("../core/bindings.js").Binding} binding */
export function reset({ label, changed, set }) {
  return html`<button
    class="quiet reset"
    ?disabled=${!changed}
    aria-label=${t("reset.label", { label })}
    title=${t("reset")}
    @click=${() => set(undefined, "done")}
  >
    <i class="icon icon-rotate-ccw"></i>
  </button>`;
}
