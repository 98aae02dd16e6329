import { html } from "../vendor/lit.js";
import * as api from "../core/api.js";
import { Part } from "../core/part.js";
import { counted, t } from "../core/texts.js";
import "./asking.js";
import { closeOutside } from "./exporting.js";

const WAYS = ["each", "one", "match"];

/** Plans for a selection: what is asked, and whether each photo has a plan of its own. */
export class Batch extends Part {
  static properties = { ...Part.properties, ids: { attribute: false }, way: { state: true }, copied: { attribute: false } };

  constructor() {
    super();
    /** The photos that are planned. @type {string[]} */
    this.ids = [];
    this.way = "each";
    /** The photo whose edit is copied: others can be given its plan, or matched to it. @type {{id: string, name: string}|null} */
    this.copied = null;
  }

  /** @returns {import("./asking.js").Asking} */
  get asking() {
    return /** @type {any} */ (this.querySelector("studio-asking"));
  }

  /** @param {string[]} ids @param {{id: string, name: string}|null} copied */
  async open(ids, copied) {
    this.ids = ids;
    this.copied = copied;
    this.requestUpdate();
    await this.updateComplete;
    const dialog = /** @type {HTMLDialogElement} */ (this.querySelector("dialog"));
    if (!dialog.open) dialog.showModal();
  }

  render() {
    const referring = this.asking?.mode === "reference";
    const shown = referring ? "each" : this.way;
    return html`<dialog class="drawer" aria-labelledby="batch-title" @click=${closeOutside} @asking=${() => this.requestUpdate()}>
      <form method="dialog" class="dialog-head">
        <h2 id="batch-title">${counted("batch.title", this.ids.length)}</h2>
        <button class="quiet" aria-label=${t("close")} title=${t("close")}><i class="icon icon-x"></i></button>
      </form>
      <form class="planning" @submit=${this.#start}>
        <studio-asking .store=${this.store}></studio-asking>
        <fieldset class="ways">
          <legend class="hidden">${t("batch.way")}</legend>
          ${WAYS.map(
            (way) => html`<label class="check">
              <input type="radio" name="way" value=${way} .checked=${way === shown} ?disabled=${referring && way !== "each"}
                @change=${() => (this.way = way)} />
              <span>${t(`batch.way.${way}`)}<small>${this.#says(way)}</small></span>
            </label>`,
          )}
        </fieldset>
        <button class="primary wide" autofocus><i class="icon icon-wand-sparkles"></i>${t("planning.go")}</button>
      </form>
    </dialog>`;
  }

  /** @param {string} way */
  #says(way) {
    const from = way !== "each" && this.copied ? "copied" : "median";
    return t(way === "each" ? "batch.each.title" : `batch.${way}.${from}`, { name: this.copied?.name });
  }

  /** @param {Event} event */
  async #start(event) {
    event.preventDefault();
    const { asking, ids, copied } = this;
    if (asking.missing()) return;
    const way = asking.mode === "reference" ? "each" : this.way;
    const name = way === "each" ? asking.step : t(`step.${way}`);
    const wish = { ...asking.wish(), ids, way, name, ...(copied && way !== "each" ? { reference: copied.id } : {}) };
    try {
      const job = await api.startPlans(wish);
      /** @type {HTMLDialogElement} */ (this.querySelector("dialog")).close();
      this.dispatchEvent(new CustomEvent("job", { detail: job, bubbles: true }));
    } catch (error) {
      this.store.report(error);
    }
  }
}
customElements.define("studio-batch", Batch);
