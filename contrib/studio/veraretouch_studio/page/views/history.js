import { html } from "../vendor/lit.js";
import * as api from "../core/api.js";
import { Part } from "../core/part.js";
import { t } from "../core/texts.js";

/** The steps of the photo by their names, the newest first; a click goes there. */
export class History extends Part {
  static properties = { ...Part.properties, steps: { state: true } };

  constructor() {
    super();
    /** @type {{name: string, time: number, current: boolean}[]} */
    this.steps = [];
    this.known = "";
  }

  render() {
    void this.#load();
    const at = this.steps.findIndex(({ current }) => current);
    return html`<ol class="history" reversed>
      ${this.steps
        .map((step, place) => this.#step(step.name, place, at, step.time))
        .reverse()}
      ${this.#step(t("history.start"), -1, at, null)}
    </ol>`;
  }

  /** @param {string} name @param {number} place @param {number} at @param {number|null} time */
  #step(name, place, at, time) {
    return html`<li>
      <button class="step ${place > at ? "undone" : ""}" aria-current=${place === at ? "step" : "false"} @click=${() => this.#go(place - at)}>
        <span>${name}</span>
        ${time ? html`<time>${new Date(time * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })}</time>` : ""}
      </button>
    </li>`;
  }

  async #load() {
    const { photo } = this.store;
    const wish = photo ? `${photo.id} ${photo.revision}` : "";
    if (!photo || wish === this.known) return;
    this.known = wish;
    try {
      this.steps = await api.history_(photo.id);
    } catch (error) {
      this.store.report(error);
    }
  }

  /** @param {number} steps forth, or back */
  async #go(steps) {
    for (let n = 0; n < Math.abs(steps); n += 1) await this.store.step(steps > 0 ? "redo" : "undo");
  }
}
customElements.define("studio-history", History);
