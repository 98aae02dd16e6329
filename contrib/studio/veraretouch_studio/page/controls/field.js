import { Directive, directive, noChange } from "../vendor/lit.js";

/** The text of a field. What somebody is typing there stays, unless the value itself becomes another meanwhile. */
class FieldText extends Directive {
  /** @type {HTMLInputElement|HTMLTextAreaElement|undefined} */
  #field;
  #typing = false;
  #text = "";

  /** @param {string} text */
  render(text) {
    return text;
  }

  /** @param {import("../vendor/lit.js").PropertyPart} part @param {[string]} given */
  update(part, [text]) {
    const field = /** @type {HTMLInputElement} */ (part.element);
    if (this.#field !== field) {
      this.#field = field;
      field.addEventListener("input", () => (this.#typing = true));
      field.addEventListener("change", () => (this.#typing = false));
    }
    if (text !== this.#text) this.#typing = false;
    this.#text = text;
    if (!this.#typing && field.value !== text) field.value = text;
    return noChange;
  }
}

export const fieldText = directive(FieldText);
