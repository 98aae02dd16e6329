import { html } from "../vendor/lit.js";
import { t } from "../core/texts.js";
import { Control } from "./scalar.js";
import { reset } from "./discrete.js";
import { fieldText } from "./field.js";

/** Numbers that are too many to be moved by hand: how many, and a way to be rid of them. */
export class Summary extends Control {
  render() {
    const { label, slot, value, changed, lit } = this.binding;
    const shape = (value?.shape ?? slot.shape).join(" × ");
    return html`<div class="row plain ${changed ? "changed" : ""} ${lit ? "lit" : ""}">
      <span class="name" title=${slot.doc}>${label}</span>
      <span class="value">${changed ? t("summary.set", { shape }) : t("summary.rest")}</span>
      ${reset(this.binding)}
    </div>`;
  }
}
customElements.define("studio-summary", Summary);

/** A value of a kind that has no control: its JSON, so that nothing is missing. */
export class Json extends Control {
  static properties = { ...Control.properties, wrong: { state: true } };

  constructor() {
    super();
    /** What was typed that is no JSON, and in place of which. @type {{text: string, of: string}|null} */
    this.wrong = null;
  }

  render() {
    const { id, label, slot, value, changed, lit } = this.binding;
    const json = JSON.stringify(value);
    const wrong = this.wrong?.of === json ? this.wrong : null;
    return html`<div class="json ${changed ? "changed" : ""} ${lit ? "lit" : ""}">
      <div class="row plain">
        <label for=${id} title=${slot.doc}>${label}</label>
        <span class="value">${slot.kind}</span>
        ${reset(this.binding)}
      </div>
      <textarea
        id=${id}
        rows="3"
        spellcheck="false"
        aria-description=${slot.doc}
        aria-invalid=${wrong ? "true" : "false"}
        .value=${fieldText(wrong?.text ?? json)}
        @change=${this.#type}
      ></textarea>
      ${wrong ? html`<p class="wrong" role="alert">${t("json.wrong")}</p>` : ""}
    </div>`;
  }

  /** @param {Event} event */
  #type(event) {
    const text = /** @type {HTMLTextAreaElement} */ (event.target).value;
    try {
      this.binding.set(text.trim() ? JSON.parse(text) : undefined, "done");
      this.wrong = null;
    } catch {
      this.wrong = { text, of: JSON.stringify(this.binding.value) };
    }
  }
}
customElements.define("studio-json", Json);
