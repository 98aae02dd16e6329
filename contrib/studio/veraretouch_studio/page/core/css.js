import { directive, Directive, PartType } from "../vendor/lit.js";

/** Sets custom properties and other styles through the CSSOM: the page's policy allows no style attributes. */
class Vars extends Directive {
  /** @param {any} part */
  constructor(part) {
    super(part);
    if (part.type !== PartType.ELEMENT) throw new Error("vars stands in an element's tag");
  }

  /** @param {Record<string, string|number>} _values */
  render(_values) {
    return undefined;
  }

  /** @param {any} part @param {[Record<string, string|number>]} given */
  update(part, [values]) {
    for (const [name, value] of Object.entries(values)) part.element.style.setProperty(name, String(value));
  }
}

/** `<i ${vars({"--at": 0.5})}>` */
export const vars = directive(Vars);
