import { html } from "../vendor/lit.js";
import { KEYS, setSingleKeys, singleKeys } from "../core/keys.js";
import { Part } from "../core/part.js";
import { t } from "../core/texts.js";
import { closeOutside } from "./exporting.js";

/** @type {Record<string, string>} */
const SHOWN = { " ": "Space", ArrowLeft: "←", ArrowRight: "→", Escape: "Esc", Enter: "Enter" };

/** The keys, and what cannot be used. */
export class Help extends Part {
  open() {
    /** @type {HTMLDialogElement} */ (this.querySelector("dialog")).showModal();
  }

  render() {
    const { broken } = this.store.schema;
    return html`<dialog class="help" aria-labelledby="help-title" @click=${closeOutside}>
      <form method="dialog" class="dialog-head">
        <h2 id="help-title">${t("help")}</h2>
        <button class="quiet" aria-label=${t("close")} title=${t("close")}><i class="icon icon-x"></i></button>
      </form>
      <dl class="keys">
        ${KEYS.map(
          ({ key, ctrl, shift, does }) => html`<div>
            <dt>${ctrl ? html`<kbd>Ctrl</kbd> ` : ""}${shift ? html`<kbd>Shift</kbd> ` : ""}<kbd>${SHOWN[key] ?? key.toUpperCase()}</kbd></dt>
            <dd>${t(`key.${does}`)}</dd>
          </div>`,
        )}
        <div><dt><kbd>Shift</kbd></dt><dd>${t("key.far")}</dd></div>
        <div><dt><kbd>Delete</kbd></dt><dd>${t("key.reset")}</dd></div>
      </dl>
      <label class="check"
        ><input type="checkbox" class="switch" role="switch" .checked=${singleKeys()}
          @change=${(/** @type {any} */ event) => setSingleKeys(event.target.checked)} /><span>${t("keys.single")}</span></label
      >
      ${broken.length
        ? html`<h3>${t("broken")}</h3>
            <ul class="broken">${broken.map(({ id, reason }) => html`<li><b>${id}</b>: ${reason}</li>`)}</ul>`
        : ""}
    </dialog>`;
  }
}
customElements.define("studio-help", Help);

/** Another tab was quicker: whose plan is to be shown. */
export class Conflict extends Part {
  render() {
    return html`<dialog aria-labelledby="conflict-title" @cancel=${(/** @type {Event} */ event) => event.preventDefault()}>
      <h2 id="conflict-title">${t("conflict.title")}</h2>
      <p>${t("conflict.words")}</p>
      <div class="line">
        <button class="primary" @click=${() => this.store.settle(false)}>${t("conflict.theirs")}</button>
        <button @click=${() => this.store.settle(true)}>${t("conflict.mine")}</button>
      </div>
    </dialog>`;
  }

  updated() {
    const dialog = /** @type {HTMLDialogElement} */ (this.querySelector("dialog"));
    if (this.store.conflict && !dialog.open) dialog.showModal();
    if (!this.store.conflict && dialog.open) dialog.close();
  }
}
customElements.define("studio-conflict", Conflict);
