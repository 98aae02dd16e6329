import { html } from "../vendor/lit.js";
import * as api from "../core/api.js";
import { Part } from "../core/part.js";
import { changedSlots } from "../core/plan.js";
import { counted, named, t } from "../core/texts.js";
import { closeOutside } from "./exporting.js";

/** @import {Plan} from "../core/types.js" */

/** Values of a plan for other photos: which of those that it has changed. */
export class Pasting extends Part {
  static properties = { ...Part.properties, chosen: { state: true } };

  constructor() {
    super();
    /** @type {Plan|null} */
    this.plan = null;
    /** The photos that they are for. @type {string[]} */
    this.to = [];
    /** Addresses of the values that are pasted. @type {Set<string>} */
    this.chosen = new Set();
  }

  get #slots() {
    return changedSlots(this.plan, this.store.schema)
      .filter(({ local }) => local === null)
      .map(({ op, slot }) => ({ address: `${op}.${slot}`, op }));
  }

  /** @param {Plan|null} plan @param {string[]} to @param {string} [only] the address of the one value that is chosen first */
  open(plan, to, only = "") {
    this.plan = plan;
    this.to = to;
    const all = this.#slots.map(({ address }) => address);
    this.chosen = new Set(all.includes(only) ? [only] : all);
    this.requestUpdate();
    void this.updateComplete.then(() => /** @type {HTMLDialogElement} */ (this.querySelector("dialog")).showModal());
  }

  render() {
    const slots = this.#slots;
    return html`<dialog aria-labelledby="pasting-title" @click=${closeOutside}>
      <form method="dialog" class="dialog-head">
        <h2 id="pasting-title">${counted("pasting.title", this.to.length)}</h2>
        <button class="quiet" aria-label=${t("close")} title=${t("close")}><i class="icon icon-x"></i></button>
      </form>
      <form class="pasting" @submit=${this.#paste}>
        ${slots.length ? "" : html`<p class="said">${t("pasting.nothing")}</p>`}
        <ul class="values">
          ${slots.map(({ address, op }) => {
            const own = named("op", op);
            const name = named("slot", address);
            return html`<li>
              <label class="check"
                ><input type="checkbox" .checked=${this.chosen.has(address)}
                  @change=${(/** @type {any} */ event) => this.#choose(address, event.target.checked)} /><span
                  >${Object.keys(this.store.schema.ops.find(({ id }) => id === op)?.slots ?? {}).length > 1 ? `${own}: ${name}` : own}</span
                ></label
              >
            </li>`;
          })}
        </ul>
        <button class="primary wide" autofocus ?disabled=${!this.chosen.size}><i class="icon icon-clipboard-paste"></i>${t("pasting.go")}</button>
      </form>
    </dialog>`;
  }

  /** @param {string} address @param {boolean} on */
  #choose(address, on) {
    const chosen = new Set(this.chosen);
    if (on) chosen.add(address);
    else chosen.delete(address);
    this.chosen = chosen;
  }

  /** @param {Event} event */
  async #paste(event) {
    event.preventDefault();
    const { store, to, plan } = this;
    if (!plan) return;
    try {
      await api.paste({ plan, to, slots: [...this.chosen], name: t("step.paste") });
      await store.list();
      /** @type {HTMLDialogElement} */ (this.querySelector("dialog")).close();
      store.announce(counted("pasted", to.length), true);
    } catch (error) {
      store.report(error);
    }
  }
}
customElements.define("studio-pasting", Pasting);
