import { html } from "../vendor/lit.js";
import * as api from "../core/api.js";
import { Part } from "../core/part.js";
import { withSince } from "../core/plan.js";
import { named, t } from "../core/texts.js";
import "./asking.js";

/** @import {Plan} from "../core/types.js" */

/** Asking a planner about the photo that is open, and two planners side by side. */
export class Planning extends Part {
  static properties = { ...Part.properties, working: { state: true }, unknown: { state: true }, against: { state: true } };

  constructor() {
    super();
    this.working = "";
    /** Words of the prompt that were not understood. @type {string[]} */
    this.unknown = [];
    /** The second planner's answer, to choose from. @type {{first: Plan, second: Plan, names: string[]}|null} */
    this.pair = null;
    this.against = "";
    /** Ends what a planner is asked. @type {AbortController|null} */
    this.abort = null;
    this.left = () => this.stop();
  }

  connectedCallback() {
    super.connectedCallback();
    this.store.addEventListener("open", this.left);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.store.removeEventListener("open", this.left);
    this.stop();
  }

  /** @returns {import("./asking.js").Asking} */
  get asking() {
    return /** @type {any} */ (this.querySelector("studio-asking"));
  }

  render() {
    return html`<form class="planning" aria-label=${t("planning")} @submit=${this.#submit} @keydown=${this.#key}
      @asking=${() => this.requestUpdate()}>
      <studio-asking .store=${this.store} .unknown=${this.unknown} .except=${this.store.photo?.id}></studio-asking>
      <div class="line go">
        <button class="primary" ?disabled=${!!this.working}>
          <i class="icon icon-wand-sparkles"></i>${this.working ? t("planning.working") : t("planning.go")}
        </button>
        ${this.working ? html`<button type="button" @click=${() => this.stop()}>${t("cancel")}</button>` : ""}
      </div>
      ${this.pair ? this.#choice() : this.#second()}
    </form>`;
  }

  firstUpdated() {
    this.requestUpdate(); // the planner to compare with depends on what is asked
  }

  #second() {
    const { asking } = this;
    const others = asking?.able.filter(({ id }) => id !== asking.chosen?.id) ?? [];
    if (!others.length || asking.mode === "reference") return "";
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
  #submit(event) {
    event.preventDefault();
    void this.go();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.key === "Escape" && this.stop()) event.stopPropagation();
  }

  /** End what a planner is asked, here and on the server; whether there was anything. */
  stop() {
    const asked = !!this.working;
    this.abort?.abort();
    if (asked) this.store.announce(t("planning.stopped"), true);
    return asked;
  }

  /** Ask the planner and show what it plans. @param {string} [mode] */
  async go(mode) {
    const { asking } = this;
    if (mode) asking.mode = mode;
    const planner = asking.chosen;
    const { photo } = this.store;
    if (!planner || !photo || this.working || asking.missing()) return;
    const name = asking.step;
    this.unknown = [];
    await this.#during(planner.id, async () => {
      const asked = this.store.plan;
      const plan = await this.#ask(photo.id, planner.id, true);
      if (this.store.photo?.id !== photo.id) return;
      this.store.change(withSince(plan, asked, this.store.plan), name);
      this.store.announce(t("planning.done"));
    });
  }

  /** @param {string} photo @param {string} planner @param {boolean} first whether its reasoning is shown */
  #ask(photo, planner, first) {
    const say = (/** @type {any} */ detail) => this.store.dispatchEvent(new CustomEvent("thinking", { detail }));
    if (first) say({});
    const thoughts = /** @type {Record<string, any>} */ ({});
    const heard = (/** @type {string} */ event, /** @type {any} */ data) => {
      if (event === "words") this.unknown = data.unknown;
      if (!first) return;
      if (event === "text") say({ "": { plan: data.text } });
      if (event === "reasoning") {
        thoughts[data.group] = data;
        say({ ...thoughts });
      }
    };
    const { frame } = this.store.plan ?? {};
    const wish = { ...this.asking.wish(planner), ...(frame ? { frame: JSON.stringify(frame) } : {}) };
    return api.plan(photo, wish, heard, this.abort?.signal);
  }

  /** @param {string} against */
  async #both(against) {
    const planner = this.asking.chosen;
    const { photo } = this.store;
    if (!planner || !photo || this.asking.missing()) return;
    this.unknown = [];
    await this.#during(planner.id, async () => {
      const [first, second] = await Promise.all([planner.id, against].map((id) => this.#ask(photo.id, id, false)));
      if (this.store.photo?.id !== photo.id) return;
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
      this.abort.abort(); // of two that were asked, the other one
      this.store.report(error);
    }
    this.working = "";
    this.store.dispatchEvent(new CustomEvent("thinking", { detail: null }));
  }

  /** Go to the words of a style. */
  async focusPrompt() {
    await this.asking.focusPrompt();
  }
}
customElements.define("studio-planning", Planning);
