import { html } from "../vendor/lit.js";
import * as api from "../core/api.js";
import { emptyPlan } from "../core/plan.js";
import { Part } from "../core/part.js";
import { named, t } from "../core/texts.js";
import { through } from "./job.js";

/** Writing photos by the server, and taking a plan along as a file. */
export class Exporting extends Part {
  static properties = { ...Part.properties, job: { state: true }, ids: { attribute: false }, format: { state: true } };

  constructor() {
    super();
    /** The photos that are written. @type {string[]} */
    this.ids = [];
    /** @type {any} */
    this.job = null;
    this.format = "";
  }

  /** @param {string[]} ids */
  open(ids) {
    this.ids = ids;
    if (this.job?.state !== "running") this.job = null;
    this.requestUpdate();
    void this.updateComplete.then(() => /** @type {HTMLDialogElement} */ (this.querySelector("dialog")).showModal());
  }

  render() {
    const { schema, photo } = this.store;
    const one = this.ids.length === 1;
    const sheet = this.format === "sheet";
    return html`<dialog class="drawer" aria-labelledby="export-title" @click=${closeOutside}>
      <form method="dialog" class="dialog-head">
        <h2 id="export-title">${one ? t("export.one") : t("export.many", { n: this.ids.length })}</h2>
        <button class="quiet" aria-label=${t("close")} title=${t("close")}><i class="icon icon-x"></i></button>
      </form>
      <form class="export" @submit=${this.#start}>
        <label class="field"
          ><span>${t("export.format")}</span>
          <select name="format" @change=${(/** @type {any} */ event) => (this.format = event.target.value)}>
            ${schema.formats.map((suffix) => html`<option value=${suffix}>${named("format", suffix)}</option>`)}
          </select></label
        >
        <label class="field"
          ><span>${t("export.quality")}</span>
          <input type="number" name="quality" min="1" max="100" placeholder=${t("export.usual")}
        /></label>
        <label class="field"
          ><span>${t("export.size")}</span>
          <input type="number" name="max_size" min="1" max="100000" placeholder=${t("export.full")}
        /></label>
        ${sheet ? "" : this.#spaces()}
        <label class="field"
          ><span>${t("export.folder")}</span><input type="text" name="folder" maxlength="100" placeholder=${t("export.folder.usual")}
        /></label>
        ${sheet
          ? ""
          : ["compare", "save_plan"].map(
              (name) => html`<label class="check"><input type="checkbox" name=${name} /><span>${t(`export.${name}`)}</span></label>`,
            )}
        <label class="check"><input type="checkbox" name="overwrite" /><span>${t("export.overwrite")}</span></label>
        <button class="primary wide" ?disabled=${this.job?.state === "running"}>
          <i class="icon icon-download"></i>${t("export.go")}
        </button>
      </form>
      ${this.job ? html`<studio-job .store=${this.store} .job=${this.job}></studio-job>` : ""}
      ${one && photo && this.ids[0] === photo.id
        ? html`<section class="documents" aria-label=${t("export.documents")}>
            <h3>${t("export.documents")}</h3>
            <div class="line">
              ${["plan", "xmp", "cube"].map(
                (kind) => html`<button @click=${() => this.#document(kind)}>${t(`document.${kind}`)}</button>`,
              )}
            </div>
          </section>`
        : ""}
    </dialog>`;
  }

  #spaces() {
    return html`<label class="field"
      ><span>${t("export.space")}</span>
      <select name="color_space">
        ${["keep", "srgb", "p3"].map((space) => html`<option value=${space}>${t(`export.space.${space}`)}</option>`)}
      </select></label
    >`;
  }

  /** @param {Event} event */
  async #start(event) {
    event.preventDefault();
    const form = new FormData(/** @type {HTMLFormElement} */ (event.target));
    const wish = /** @type {any} */ ({ ids: this.ids, format: form.get("format") });
    if (form.has("color_space")) wish.color_space = form.get("color_space");
    for (const name of ["quality", "max_size"]) if (form.get(name)) wish[name] = Number(form.get(name));
    for (const name of ["compare", "save_plan", "overwrite"]) if (form.has(name)) wish[name] = true;
    if (String(form.get("folder")).trim()) wish.folder = String(form.get("folder")).trim();
    try {
      await this.store.settled();
      this.job = await api.startExport(wish);
      await api.followJob(this.job.job, (state) => (this.job = state));
      this.store.announce(t(`job.${this.job.state}`, { ...this.job, done: through(this.job) }));
    } catch (error) {
      this.job = null;
      this.store.report(error);
    }
  }

  /** @param {string} kind */
  async #document(kind) {
    const { photo, plan } = this.store;
    if (!photo) return;
    try {
      const blob = await api.document_(photo.id, plan ?? emptyPlan(), kind);
      const link = document.createElement("a");
      link.href = URL.createObjectURL(blob);
      link.download = `${photo.name.replace(/\.[^.]+$/, "")}.${kind === "plan" ? "plan.json" : kind}`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
    } catch (error) {
      this.store.report(error);
    }
  }
}
customElements.define("studio-exporting", Exporting);

/** A click beside a dialog closes it. @param {MouseEvent} event */
export function closeOutside(event) {
  if (event.target instanceof HTMLDialogElement) event.target.close();
}
