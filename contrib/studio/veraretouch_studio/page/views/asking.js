import { html } from "../vendor/lit.js";
import * as api from "../core/api.js";
import { Part } from "../core/part.js";
import { named, t } from "../core/texts.js";

/** @import {Planner} from "../core/types.js" */

const CHOSEN = "studio.planner";

/** What a planner is asked: automatically, in words, or after another photo; by which planner, to which taste. */
export class Asking extends Part {
  static properties = {
    ...Part.properties,
    mode: { state: true },
    target: { state: true },
    before: { state: true },
    unknown: { attribute: false },
    except: { attribute: false },
  };

  constructor() {
    super();
    this.mode = "auto";
    this.prompt = "";
    this.taste = "";
    this.target = "";
    this.before = "";
    this.planner = localStorage.getItem(CHOSEN) ?? "";
    /** Words of the prompt that were not understood. @type {string[]} */
    this.unknown = [];
    /** A photo that cannot be a reference: the one that is edited. @type {string|undefined} */
    this.except = undefined;
  }

  get #planners() {
    return this.store.schema.planners.filter(({ modes }) => modes.some((mode) => mode !== "param"));
  }

  /** Those that know the mode. @returns {Planner[]} */
  get able() {
    return this.#planners.filter(({ modes }) => modes.includes(this.mode));
  }

  /** @returns {Planner|undefined} */
  get chosen() {
    const { able } = this;
    const usual = this.store.schema.default_planner;
    return able.find(({ id }) => id === (this.planner || usual)) ?? able.find(({ id }) => id === usual) ?? able[0];
  }

  render() {
    const planner = this.chosen;
    const modes = ["auto", "style", "reference"].filter((mode) => this.#planners.some((each) => each.modes.includes(mode)));
    return html`<div class="asking">
      <div class="segments" role="radiogroup" aria-label=${t("mode")} data-arrows>
        ${modes.map(
          (mode) => html`<label>
            <input type="radio" name="mode" value=${mode} .checked=${mode === this.mode} @change=${() => this.#turn(mode)} /><span
              >${t(`mode.${mode}`)}</span
            >
          </label>`,
        )}
      </div>
      ${this.mode === "style" ? this.#words() : this.mode === "reference" ? this.#reference() : ""}
      <div class="line">
        <label class="field"
          ><span>${t("planner")}</span>
          <select class="planner" @change=${this.#choose} title=${planner?.doc ?? ""}>
            ${this.able.map(({ id }) => html`<option value=${id} ?selected=${id === planner?.id}>${named("planner", id)}</option>`)}
          </select></label
        >
        ${planner?.tastes.length && this.mode !== "reference" ? this.#tastes(planner) : ""}
      </div>
    </div>`;
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
        ? html`<p class="said" role="status">${t("prompt.unknown")} ${this.unknown.map((word) => html`<q>${word}</q> `)}</p>`
        : ""}`;
  }

  #reference() {
    return html`<div class="reference">
      ${this.#photo("reference.target", "target")} ${this.#photo("reference.before", "before")}
      <p class="said">${t("reference.drop")}</p>
    </div>`;
  }

  /** @param {string} key @param {"target"|"before"} which */
  #photo(key, which) {
    const others = this.store.photos.filter(({ id }) => id !== this.except);
    return html`<div class="line nowrap">
      <label class="field"
        ><span>${t(key)}</span>
        <select @change=${(/** @type {any} */ event) => (this[which] = event.target.value)}>
          <option value="">${t(which === "before" ? "reference.none" : "reference.choose")}</option>
          ${others.map(({ id, name }) => html`<option value=${id} ?selected=${id === this[which]}>${name}</option>`)}
        </select></label
      >
      <label class="quiet button" title=${t("reference.file", { name: t(key) })}
        ><i class="icon icon-folder-open"></i
        ><input
          class="hidden"
          type="file"
          aria-label=${t("reference.file", { name: t(key) })}
          @change=${(/** @type {any} */ event) => this.#pick(event.target, which)}
      /></label>
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

  /** @param {string} mode */
  #turn(mode) {
    this.mode = mode;
    this.unknown = [];
    this.#told();
  }

  /** @param {Event} event */
  #choose(event) {
    this.planner = /** @type {HTMLSelectElement} */ (event.target).value;
    localStorage.setItem(CHOSEN, this.planner);
    this.requestUpdate();
    this.#told();
  }

  #told() {
    this.dispatchEvent(new CustomEvent("asking", { bubbles: true }));
  }

  /** @param {HTMLInputElement} input @param {"target"|"before"} which */
  async #pick(input, which) {
    const file = input.files?.[0];
    if (file) this[which] = (await this.#added([file]))[0] ?? this[which];
    input.value = "";
  }

  /** @param {File[]} files @returns {Promise<string[]>} the photos' ids, of those that could be read */
  async #added(files) {
    const ids = [];
    for (const file of files) {
      try {
        ids.push((await api.addPhoto(file)).id);
      } catch (error) {
        this.store.report(error);
      }
    }
    await this.store.list();
    return ids;
  }

  /** Photos to look like: the target, or before and after of another photo. @param {File[]} files */
  async refer(files) {
    this.#turn("reference");
    const ids = await this.#added(files.slice(0, 2));
    if (!ids.length) return;
    [this.before, this.target] = ids.length > 1 ? ids : ["", ids[0]];
    const names = files.slice(0, 2).map(({ name }) => name);
    this.store.announce(t(ids.length > 1 ? "reference.pair" : "reference.one", { before: names[0], target: names.at(-1) }), true);
  }

  /** Whether something is missing; it is said, and focused. */
  missing() {
    if (this.mode === "style" && !this.prompt.trim()) {
      void this.focusPrompt();
      this.store.announce(t("prompt.missing"), true);
      return true;
    }
    if (this.mode === "reference" && !this.target) {
      /** @type {HTMLElement|null} */ (this.querySelector(".reference select"))?.focus();
      this.store.announce(t("reference.missing"), true);
      return true;
    }
    return false;
  }

  /** What is sent. @param {string} [planner] another one than is chosen @returns {any} */
  wish(planner = this.chosen?.id) {
    const { mode } = this;
    const wish = /** @type {any} */ ({ mode, planner });
    if (mode === "style") wish.style = this.prompt;
    if (mode === "reference") Object.assign(wish, { target: this.target }, this.before ? { before: this.before } : {});
    const tastes = this.store.schema.planners.find(({ id }) => id === planner)?.tastes ?? [];
    if (mode !== "reference" && tastes.includes(this.taste)) wish.taste = this.taste;
    return wish;
  }

  /** What the step is called. */
  get step() {
    return this.mode === "style" ? t("step.style", { words: this.prompt }) : t(`step.${this.mode}`);
  }

  /** Go to the words of a style. */
  async focusPrompt() {
    this.mode = "style";
    await this.updateComplete;
    /** @type {HTMLElement|null} */ (this.querySelector(".prompt-input"))?.focus();
  }
}
customElements.define("studio-asking", Asking);
