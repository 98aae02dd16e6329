import { html } from "../vendor/lit.js";
import * as api from "../core/api.js";
import { brush } from "../tools/brush.js";
import { wish } from "../core/keys.js";
import { Part } from "../core/part.js";
import { t } from "../core/texts.js";
import { takeFiles } from "./dropping.js";
import "./dialogs.js";
import "./edit.js";
import "./exporting.js";
import "./grid.js";
import "./pasting.js";

const SHOWN = 5000; // milliseconds that a message stays

/** The frame of both pages: header, messages, keys, dropped files and dialogs. */
export class App extends Part {
  static properties = {
    ...Part.properties,
    page: { state: true },
    message: { state: true },
    said: { state: true },
    dropping: { state: true },
  };

  constructor() {
    super();
    this.page = "grid";
    this.message = { text: "", shown: false };
    /** Where dragged files would go: "open" or "refer"; empty while there are none. */
    this.dropping = "";
    /** What is told to people who listen alone. */
    this.said = "";
    this.timer = 0;
    /** The photo whose edits Ctrl+V pastes. */
    this.copied = "";
  }

  connectedCallback() {
    super.connectedCallback();
    this.store.addEventListener("announce", (/** @type {any} */ { detail }) => this.#say(detail));
    addEventListener("hashchange", () => void this.#enter());
    addEventListener("keydown", (event) => this.#key(event));
    addEventListener("keyup", (event) => {
      if (event.key === "\\") this.edit?.stage.hold(false);
      if (event.key === " ") this.edit?.stage.setPanning(false);
    });
    addEventListener("blur", () => {
      this.edit?.stage.hold(false); // the key is let go elsewhere
      this.edit?.stage.setPanning(false);
    });
    addEventListener("beforeunload", (event) => {
      this.store.flush();
      if (this.store.unsaved.length) event.preventDefault();
    });
    for (const kind of ["dragover", "dragleave", "drop"]) addEventListener(kind, (event) => this.#drag(/** @type {DragEvent} */ (event)));
    void this.#route();
  }

  /** @returns {import("./edit.js").EditPage|null} */
  get edit() {
    return this.querySelector("studio-edit");
  }

  /** @returns {import("./grid.js").GridPage|null} */
  get grid() {
    return this.querySelector("studio-grid");
  }

  render() {
    const { photo, problem } = this.store;
    const editing = this.page === "edit";
    return html`<header class="top">
        <a class="brand" href="#/" aria-current=${editing ? "false" : "page"} title=${t("key.grid")}><i class="icon icon-layout-grid"></i><span>${t("photos")}</span></a>
        <h1 class="title">${editing ? (photo?.name ?? "") : t("title")}</h1>
        <span class="problem-line" role="status">${problem}</span>
        <label class="quiet button" title=${t("open")}><i class="icon icon-folder-open"></i><span class="wide-only">${t("open")}</span>
          <input class="hidden" type="file" multiple aria-label=${t("open")} @change=${this.#pick} /></label>
        ${editing
          ? html`<button class="quiet" ?disabled=${!photo?.can_undo} aria-label=${t("undo", { name: photo?.undo_name })}
                title=${t("undo", { name: photo?.undo_name })} @click=${() => this.store.step("undo")}><i class="icon icon-undo-2"></i></button>
              <button class="quiet" ?disabled=${!photo?.can_redo} aria-label=${t("redo", { name: photo?.redo_name })}
                title=${t("redo", { name: photo?.redo_name })} @click=${() => this.store.step("redo")}><i class="icon icon-redo-2"></i></button>`
          : ""}
        <button class="quiet" aria-label=${t("help")} title=${t("help")} @click=${() => this.#help()}><i class="icon icon-circle-help"></i></button>
        ${editing
          ? html`<button class="primary" ?disabled=${!photo} @click=${() => this.#export([photo?.id ?? ""])}><i class="icon icon-download"></i>${t("export.go")}</button>`
          : ""}
      </header>
      <main @export=${(/** @type {any} */ event) => this.#export(event.detail)} @paste=${this.#choose}>
        ${editing ? html`<studio-edit .store=${this.store}></studio-edit>` : html`<studio-grid .store=${this.store}></studio-grid>`}
      </main>
      <div class="toast ${this.message.shown ? "shown" : ""}" role="status" aria-live="polite">${this.message.text}</div>
      <div class="hidden" role="status">${this.said}</div>
      ${this.dropping
        ? html`<div class="drop" aria-hidden="true">
            ${["open", ...(this.#referring ? ["refer"] : [])].map(
              (zone) => html`<p class="drop-zone ${this.dropping === zone ? "over" : ""}" data-zone=${zone}>${t(`drop.${zone}`)}</p>`,
            )}
          </div>`
        : ""}
      <studio-pasting .store=${this.store}></studio-pasting>
      <studio-exporting .store=${this.store}></studio-exporting>
      <studio-help .store=${this.store}></studio-help>
      <studio-conflict .store=${this.store}></studio-conflict>`;
  }

  /** @param {{text: string, shown: boolean}} message */
  #say(message) {
    if (message.shown) this.message = message;
    else this.said = message.text;
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => {
      this.message = { text: "", shown: false };
      this.said = "";
    }, SHOWN);
  }

  /** Another address of this page; the link of a studio that was started again lets it in anew. */
  async #enter() {
    try {
      await api.openSession();
    } catch (error) {
      this.store.report(error);
    }
    await this.#route();
  }

  async #route() {
    const id = /^#\/edit\/(.+)$/.exec(location.hash)?.[1];
    if (!id) {
      this.page = "grid";
      document.title = t("title");
      if (this.store.photos.length) await this.store.list().catch((error) => this.store.report(error));
      return;
    }
    this.page = "edit";
    try {
      await this.store.open(decodeURIComponent(id));
      document.title = `${this.store.photo?.name} · ${t("title")}`;
    } catch (error) {
      this.store.report(error);
      location.hash = "#/";
    }
  }

  /** @param {string[]} ids */
  #export(ids) {
    /** @type {any} */ (this.querySelector("studio-exporting")).open(ids);
  }

  #help() {
    /** @type {any} */ (this.querySelector("studio-help")).open();
  }

  /** @param {Event} event */
  async #pick(event) {
    const input = /** @type {HTMLInputElement} */ (event.target);
    await takeFiles(this.store, [...(input.files ?? [])], { to: this.#values });
    input.value = "";
  }

  /** Where dropped values go: to the selection on the grid, null for the open photo. */
  get #values() {
    return this.grid ? this.grid.chosen.map(({ id }) => id) : null;
  }

  /** What makes dropped photos a reference; null where there is nothing to make look like them. */
  get #referring() {
    const { edit, grid } = this;
    if (edit) return (/** @type {File[]} */ photos) => edit.refer(photos);
    if (!grid?.chosen.length) return null;
    return async (/** @type {File[]} */ photos) => {
      const batch = await grid.retouch();
      await batch?.asking.refer(photos);
    };
  }

  /** @param {DragEvent} event */
  #drag(event) {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    const { type, clientX, clientY } = event;
    if (type === "dragleave") {
      if (!event.relatedTarget) this.dropping = "";
      return;
    }
    const over = [...this.querySelectorAll(".drop-zone")].find((zone) => {
      const { left, right, top, bottom } = zone.getBoundingClientRect();
      return clientX >= left && clientX <= right && clientY >= top && clientY <= bottom;
    });
    const asked = document.elementFromPoint(clientX, clientY)?.closest("studio-asking");
    this.dropping = asked || over?.getAttribute("data-zone") === "refer" ? "refer" : "open";
    if (type !== "drop") return;
    const refer = this.dropping === "refer" ? (this.#referring ?? undefined) : undefined;
    this.dropping = "";
    void takeFiles(this.store, [...event.dataTransfer.files], { to: this.#values, refer });
  }

  /** @param {any} event */
  #choose({ detail }) {
    if (detail?.to) /** @type {any} */ (this.querySelector("studio-pasting")).open(detail.plan, detail.to, detail.only);
  }

  /** @param {number} way */
  #beside(way) {
    const { photos, photo } = this.store;
    const next = photos[photos.findIndex(({ id }) => id === photo?.id) + way];
    if (next) location.hash = `#/edit/${next.id}`;
  }

  async #paste() {
    const { store, copied } = this;
    const { photo } = store;
    if (!photo || !copied || copied === photo.id) return;
    try {
      await store.settled();
      await api.paste({ from: copied, to: [photo.id], name: t("step.paste") });
      await store.open(photo.id);
      store.announce(t("pasted.one"), true);
    } catch (error) {
      store.report(error);
    }
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const does = wish(event);
    if (!does) return;
    const { edit, store } = this;
    const { grid } = this;
    const both = { help: () => this.#help(), grid: () => (location.hash = "#/") };
    const onEdit = edit && {
      hold: () => edit.stage.hold(true),
      compare: () => edit.setCompare({ off: "split", split: "side", side: "off" }[edit.compare] ?? "off"),
      zoom: () => edit.stage.viewport.toggle(),
      zoomIn: () => edit.stage.viewport.zoomTo(edit.stage.viewport.scale * 1.25),
      zoomOut: () => edit.stage.viewport.zoomTo(edit.stage.viewport.scale / 1.25),
      pan: () => edit.stage.setPanning(true),
      previous: () => this.#beside(-1),
      next: () => this.#beside(1),
      undo: () => store.step("undo"),
      redo: () => store.step("redo"),
      copy: () => {
        this.copied = store.photo?.id ?? "";
        store.announce(t("copied", { name: store.photo?.name }), true);
      },
      paste: () => this.#paste(),
      pasteSome: () => edit.pasteSome(),
      stop: () => edit.planning.stop(),
      auto: () => edit.planning.go("auto"),
      prompt: () => {
        edit.go("edit");
        void edit.planning.focusPrompt();
      },
      clipping: () => edit.setClipping(!edit.clipping),
      mask: () => edit.tab === "areas" && edit.setMask(!edit.mask),
      export: () => store.photo && this.#export([store.photo.id]),
      brush: () => edit.paint(),
      frame: () => edit.frame(),
    };
    const painting = store.tool === "paint" || store.tool === "erase";
    const onBrush = edit && painting && {
      erase: () => store.setTool(store.tool === "paint" ? "erase" : "paint"),
      smaller: () => brush.grow(-1),
      larger: () => brush.grow(1),
      softer: () => brush.harden(-1),
      harder: () => brush.harden(1),
      stop: () => store.setTool(""),
    };
    const framing = edit && store.tool === "frame";
    const onCrop = framing && { apply: () => edit.endFrame(true), stop: () => edit.endFrame(false) };
    const onGrid = grid && {
      copy: grid.copy,
      paste: grid.paste,
      pasteSome: grid.pasteSome,
      selectAll: () => grid.all(true),
      stop: () => grid.stop(),
      auto: () => grid.retouch(),
      export: () => grid.chosen.length && this.#export(grid.chosen.map(({ id }) => id)),
    };
    const known = { ...both, ...onEdit, ...onBrush, ...onCrop, ...onGrid };
    const act = /** @type {Record<string, () => void>} */ (known)[does];
    if (!act) return;
    event.preventDefault();
    act();
  }
}
customElements.define("studio-app", App);
