import { html } from "../vendor/lit.js";
import * as api from "../core/api.js";
import { hasWeights } from "../core/plan.js";
import { Part } from "../core/part.js";
import { named, t } from "../core/texts.js";

/** @import {Plan, Planner} from "../core/types.js" */

const CHOSEN = "studio.planner";

/** Asking a planner: automatically, in words, or after another photo; and two planners side by side. */
export class Planning extends Part {
  static properties = { ...Part.properties, working: { state: true }, unknown: { state: true }, mode: { state: true } };

  constructor() {
    super();
    this.working = "";
    /** Words of the prompt that were not understood. @type {string[]} */
    this.unknown = [];
    this.mode = "auto";
    this.prompt = "";
    this.taste = "";
    this.target = "";
    this.pairBefore = "";
    /** The second planner's answer, to choose from. @type {{first: Plan, second: Plan, names: string[]}|null} */
    this.pair = null;
    this.against = "";
    this.planner = localStorage.getItem(CHOSEN) ?? "";
    /** Ends what a planner is asked. @type {AbortController|null} */
    this.abort = null;
  }

  get #planners() {
    return this.store.schema.planners.filter(({ modes }) => modes.some((mode) => mode !== "param"));
  }

  /** @returns {Planner|undefined} */
  get #planner() {
    const able = this.#planners.filter(({ modes }) => modes.includes(this.mode));
    const wish = this.planner || this.store.schema.default_planner;
    return able.find(({ id }) => id === wish) ?? able.find(({ id }) => id === this.store.schema.default_planner) ?? able[0];
  }

  render() {
    const modes = ["auto", "style", "reference"].filter((mode) =>
      this.#planners.some((planner) => planner.modes.includes(mode)),
    );
    const planner = this.#planner;
    return html`<form class="planning" aria-label=${t("planning")} @submit=${this.#submit}>
      <div class="segments" role="radiogroup" aria-label=${t("mode")} data-arrows>
        ${modes.map(
          (mode) => html`<label>
            <input
              type="radio"
              name="mode"
              value=${mode}
              .checked=${mode === this.mode}
              @change=${() => (this.mode = mode)}
            /><span>${t(`mode.${mode}`)}</span>
          </label>`,
        )}
      </div>
      ${this.mode === "style" ? this.#words() : this.mode === "reference" ? this.#reference() : ""}
      <div class="line">
        <label class="field"
          ><span>${t("planner")}</span>
          <select @change=${this.#choose} title=${planner?.doc ?? ""}>
            ${this.#planners
              .filter(({ modes: able }) => able.includes(this.mode))
              .map(({ id }) => html`<option value=${id} ?selected=${id === planner?.id}>${named("planner", id)}</option>`)}
          </select></label
        >
        ${planner?.tastes.length && this.mode !== "reference" ? this.#tastes(planner) : ""}
      </div>
      <div class="line go">
        <button class="primary" ?disabled=${!!this.working || !planner}>
          <i class="icon icon-wand-sparkles"></i>${this.working ? t("planning.working") : t("planning.go")}
        </button>
        ${this.working ? html`<button type="button" @click=${() => this.abort?.abort()}>${t("cancel")}</button>` : ""}
      </div>
      ${this.pair ? this.#choice() : this.#second(planner)}
    </form>`;
  }

  #words() {
    return html`<label class="prompt"
        ><span class="hidden">${t("prompt")}</span>
        <input
          type="text"
          class="prompt-input"
          autocomplete="off"
          placeholder=${t("prompt.example")}
          .value=${this.prompt}
          @input=${(/** @type {any} */ event) => (this.prompt = event.target.value)}
      /></label>
      ${this.unknown.length
        ? html`<p class="said">${t("prompt.unknown")} ${this.unknown.map((word) => html`<q>${word}</q> `)}</p>`
        : ""}`;
  }

  #reference() {
    const others = this.store.photos.filter(({ id }) => id !== this.store.photo?.id);
    const pick = (/** @type {string} */ key, /** @type {string} */ value, /** @type {(id: string) => void} */ set) =>
      html`<label class="field"
        ><span>${t(key)}</span>
        <select @change=${(/** @type {any} */ event) => set(event.target.value)}>
          <option value="">${t(key === "reference.before" ? "reference.none" : "reference.choose")}</option>
          ${others.map(({ id, name }) => html`<option value=${id} ?selected=${id === value}>${name}</option>`)}
        </select></label
      >`;
    return html`<div class="line">
      ${pick("reference.target", this.target, (id) => (this.target = id))}
      ${pick("reference.before", this.pairBefore, (id) => (this.pairBefore = id))}
    </div>`;
  }

  /** @param {Planner} planner */
  #tastes(planner) {
    return html`<label class="field"
      ><span>${t("taste")}</span>
      <select @change=${(/** @type {any} */ event) => (this.taste = event.target.value)}>
        <option value="">${t("taste.usual")}</option>
        ${planner.tastes.map((taste) => html`<option value=${taste} ?selected=${taste === this.taste}>${t(`taste.${taste}`)}</option>`)}
      </select></label
    >`;
  }

  /** @param {Planner|undefined} planner */
  #second(planner) {
    const others = this.#planners.filter(({ id, modes }) => id !== planner?.id && modes.includes(this.mode));
    if (!others.length || this.mode === "reference") return "";
    const against = others.find(({ id }) => id === this.against) ?? others[0];
    return html`<details class="more">
      <summary>${t("pair.title")}</summary>
      <div class="line">
        <label class="field"
          ><span>${t("pair.with")}</span>
          <select @change=${(/** @type {any} */ event) => (this.against = event.target.value)}>
            ${others.map(({ id }) => html`<option value=${id} ?selected=${id === against.id}>${named("planner", id)}</option>`)}
          </select></label
        >
        <button type="button" ?disabled=${!!this.working} @click=${() => this.#both(against.id)}>
          <i class="icon icon-columns-2"></i>${t("pair.go")}
        </button>
      </div>
    </details>`;
  }

  #choice() {
    const { names } = /** @type {any} */ (this.pair);
    return html`<div class="line pair" role="group" aria-label=${t("pair.title")}>
      <button type="button" @click=${() => this.#keep("second")}>${t("pair.left", { name: named("planner", names[1]) })}</button>
      <button type="button" @click=${() => this.#keep("first")}>${t("pair.right", { name: named("planner", names[0]) })}</button>
      <button type="button" class="quiet" @click=${() => this.#keep(null)}>${t("pair.neither")}</button>
    </div>`;
  }

  /** @param {Event} event */
  #choose(event) {
    this.planner = /** @type {HTMLSelectElement} */ (event.target).value;
    localStorage.setItem(CHOSEN, this.planner);
    this.requestUpdate();
  }

  /** @param {Event} event */
  #submit(event) {
    event.preventDefault();
    void this.go();
  }

  /** @param {string} planner @returns {any} what is sent */
  #wish(planner) {
    const { mode } = this;
    const wish = /** @type {any} */ ({ mode, planner });
    if (mode === "style") wish.style = this.prompt;
    if (mode === "reference") Object.assign(wish, { target: this.target }, this.pairBefore ? { before: this.pairBefore } : {});
    if (this.taste && this.store.schema.planners.find(({ id }) => id === planner)?.tastes.includes(this.taste)) {
      wish.taste = this.taste;
    }
    if (this.store.photo?.frame) wish.frame = this.store.photo.frame;
    return wish;
  }

  /** Whether there is something to ask; else what is missing is focused. */
  #asked() {
    if (this.mode === "style" && !this.prompt.trim()) {
      /** @type {HTMLElement|null} */ (this.querySelector(".prompt-input"))?.focus();
      return false;
    }
    if (this.mode === "reference" && !this.target) {
      this.store.announce(t("reference.missing"), true);
      return false;
    }
    return true;
  }

  /** Ask the planner and show what it plans. @param {string} [mode] */
  async go(mode) {
    if (mode) this.mode = mode;
    const planner = this.#planner;
    const { photo } = this.store;
    if (!planner || !photo || this.working || !this.#asked()) return;
    this.unknown = [];
    await this.#during(planner.id, async () => {
      const plan = await this.#ask(photo.id, planner.id, true);
      if (this.store.photo?.id !== photo.id) return;
      const name = this.mode === "style" ? t("step.style", { words: this.prompt }) : t(`step.${this.mode}`);
      this.store.change(plan, name);
      this.store.announce(t("planning.done"));
    });
  }

  /** @param {string} photo @param {string} planner @param {boolean} first whether its reasoning is shown */
  #ask(photo, planner, first) {
    if (first) this.store.dispatchEvent(new CustomEvent("thinking", { detail: {} }));
    const thoughts = /** @type {Record<string, any>} */ ({});
    const heard = (/** @type {string} */ event, /** @type {any} */ data) => {
      if (event === "words") this.unknown = data.unknown;
      if (event === "reasoning" && first) {
        thoughts[data.group] = data;
        this.store.dispatchEvent(new CustomEvent("thinking", { detail: { ...thoughts } }));
      }
    };
    return api.plan(photo, this.#wish(planner), heard, this.abort?.signal);
  }

  /** @param {string} against */
  async #both(against) {
    const planner = this.#planner;
    const { photo } = this.store;
    if (!planner || !photo || !this.#asked()) return;
    await this.#during(planner.id, async () => {
      const first = await this.#ask(photo.id, planner.id, false);
      const second = await this.#ask(photo.id, against, false);
      this.pair = { first, second, names: [planner.id, against] };
      this.dispatchEvent(new CustomEvent("pair", { detail: this.pair, bubbles: true }));
    });
  }

  /** @param {"first"|"second"|null} which */
  #keep(which) {
    const { pair, store } = this;
    this.pair = null;
    this.dispatchEvent(new CustomEvent("pair", { detail: null, bubbles: true }));
    if (pair && which) store.change(pair[which], t("step.planner", { name: pair.names[which === "first" ? 0 : 1] }));
    this.requestUpdate();
  }

  /** @param {string} name @param {() => Promise<void>} work */
  async #during(name, work) {
    this.working = name;
    this.abort = new AbortController();
    try {
      await work();
    } catch (error) {
      this.store.report(error);
    }
    this.working = "";
    this.store.dispatchEvent(new CustomEvent("thinking", { detail: null }));
  }

  /** Go to the words of a style. */
  async focusPrompt() {
    this.mode = "style";
    await this.updateComplete;
    /** @type {HTMLElement|null} */ (this.querySelector(".prompt-input"))?.focus();
  }
}
customElements.define("studio-planning", Planning);

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
