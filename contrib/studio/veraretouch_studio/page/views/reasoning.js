import { html } from "../vendor/lit.js";
import * as api from "../core/api.js";
import { hasWeights } from "../core/plan.js";
import { Part } from "../core/part.js";
import { named, t } from "../core/texts.js";

/** The reasoning of a plan, line by line; a line that is looked at lights up the slots that it moved. */
export class Reasoning extends Part {
  static properties = { ...Part.properties, thinking: { state: true }, working: { state: true } };

  constructor() {
    super();
    /** What a planner has said so far. @type {Record<string, any>|null} */
    this.thinking = null;
    this.working = false;
    this.thought = (/** @type {any} */ event) => (this.thinking = event.detail);
  }

  connectedCallback() {
    super.connectedCallback();
    this.store.addEventListener("thinking", this.thought);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.store.removeEventListener("thinking", this.thought);
  }

  render() {
    const { plan, schema } = this.store;
    const thoughts = Object.entries(this.thinking ?? plan?.reasoning ?? {}).filter(([, { problem, plan: said }]) => problem || said);
    const neural = hasWeights(plan, schema);
    if (!thoughts.length && !this.thinking && !neural) return html``;
    return html`<div class="reasoning" aria-busy=${!!this.thinking}>
      ${thoughts.map(([group, { problem, plan: said }]) => {
        if (!group) return html`<p class="answer">${said}</p>`;
        const lit = this.store.lit === group;
        return html`<button
          class="thought ${lit ? "lit" : ""}"
          aria-pressed=${lit}
          @mouseenter=${() => this.#light(group)}
          @mouseleave=${() => this.#light(this.chosen ?? null)}
          @click=${() => this.#choose(group)}
        >
          <strong>${named("group", group)}</strong>
          ${problem ? html`<span class="problem">${problem}</span>` : ""}
          ${said ? html`<span>${said}</span>` : ""}
        </button>`;
      })}
      ${this.thinking ? html`<p class="said">${t("planning.thinking")}</p>` : ""}
      ${neural && !this.thinking
        ? html`<button ?disabled=${this.working} @click=${this.#explain}>
            <i class="icon icon-sliders-horizontal"></i>${this.working ? t("planning.working") : t("explain")}
          </button>`
        : ""}
    </div>`;
  }

  /** @param {string|null} group */
  #light(group) {
    this.store.lit = group;
    this.store.tell();
  }

  /** @param {string} group */
  #choose(group) {
    this.chosen = this.chosen === group ? undefined : group;
    this.#light(this.chosen ?? null);
    if (this.chosen) this.dispatchEvent(new CustomEvent("reveal", { detail: group, bubbles: true }));
  }

  async #explain() {
    const { photo, plan } = this.store;
    if (!photo || !plan) return;
    this.working = true;
    try {
      const found = await api.explain(photo.id, plan);
      this.store.change(found.plan ?? found, t("step.explain"));
    } catch (error) {
      this.store.report(error);
    }
    this.working = false;
  }
}
customElements.define("studio-reasoning", Reasoning);
