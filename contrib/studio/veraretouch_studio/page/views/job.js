import { html } from "../vendor/lit.js";
import * as api from "../core/api.js";
import { Part } from "../core/part.js";
import { t } from "../core/texts.js";

const MOST = 6; // files, and failures, that are named

/** How many photos work did something for: those that failed are through as well. @param {any} job */
export const through = ({ done, failed = [] }) => Math.max(0, done - failed.length);

/** How far work on several photos is, and what ends it. */
export class JobView extends Part {
  static properties = { ...Part.properties, job: { attribute: false } };

  constructor() {
    super();
    /** @type {any} */
    this.job = null;
  }

  render() {
    const { kind, state, stage, done, total, files = [], failed = [], unknown = [], command } = this.job;
    const planning = kind === "plan";
    const name = t(planning ? "plans.progress" : "export.progress");
    const said = state === "running" && stage === "measuring" ? "plans.measuring" : `${planning ? "plans" : "job"}.${state}`;
    return html`<section class="progress" aria-label=${name}>
      <progress max=${total || 1} .value=${done} aria-label=${name}></progress>
      <p role="status">${t(said, { total, done: through(this.job) })}</p>
      ${unknown.length
        ? html`<p class="said">${t("prompt.unknown")} ${unknown.map((/** @type {string} */ word) => html`<q>${word}</q> `)}</p>`
        : ""}
      ${failed.slice(0, MOST).map((/** @type {any} */ { name: photo, problem }) => html`<p class="wrong">${photo}: ${problem}</p>`)}
      ${failed.length > MOST ? html`<p class="wrong">${t("export.more", { n: failed.length - MOST })}</p>` : ""}
      ${files.slice(0, MOST).map((/** @type {string} */ file) => html`<p class="file">${file}</p>`)}
      ${files.length > MOST ? html`<p class="file">${t("export.more", { n: files.length - MOST })}</p>` : ""}
      <div class="line">
        ${state === "running" ? html`<button @click=${() => api.cancel(this.job.job)}>${t("cancel")}</button>` : ""}
        ${command
          ? html`<button @click=${() => this.#copy(command)}><i class="icon icon-copy"></i>${t("export.copy")}</button>`
          : ""}
      </div>
    </section>`;
  }

  /** @param {string} text */
  async #copy(text) {
    await navigator.clipboard.writeText(text);
    this.store.announce(t("export.copied"), true);
  }
}
customElements.define("studio-job", JobView);
