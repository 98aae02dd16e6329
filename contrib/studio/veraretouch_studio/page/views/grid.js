import { html, repeat } from "../vendor/lit.js";
import * as api from "../core/api.js";
import { changedSlots, withFrame } from "../core/plan.js";
import { Part } from "../core/part.js";
import { named, t } from "../core/texts.js";

const FILTERS = ["all", "edited", "unedited"];

/** All photos: selected, given one plan or the changed slots of another, and exported. */
export class GridPage extends Part {
  static properties = { ...Part.properties, filter: { state: true }, selected: { state: true }, working: { state: true } };

  constructor() {
    super();
    this.filter = "all";
    /** @type {Set<string>} */
    this.selected = new Set();
    this.working = "";
    this.stopped = false;
    /** Where a selection with Shift begins. @type {string|null} */
    this.anchor = null;
    /** The photo whose edits are pasted, and which of its slots. @type {{id: string, name: string, slots: string[]|null}|null} */
    this.copied = null;
    this.seen = new IntersectionObserver((entries) => entries.forEach((entry) => entry.isIntersecting && this.#load(entry.target)), {
      rootMargin: "300px",
    });
  }

  get #shown() {
    const { photos } = this.store;
    return this.filter === "all" ? photos : photos.filter(({ edited }) => edited === (this.filter === "edited"));
  }

  render() {
    const shown = this.#shown;
    const chosen = shown.filter(({ id }) => this.selected.has(id));
    return html`<div class="grid-page">
      <div class="grid-bar" role="toolbar" aria-label=${t("grid.tools")}>
        <div class="segments" role="radiogroup" aria-label=${t("filter")} data-arrows>
          ${FILTERS.map(
            (filter) => html`<label
              ><input type="radio" name="filter" value=${filter} .checked=${filter === this.filter} @change=${() => (this.filter = filter)} /><span
                >${t(`filter.${filter}`)}</span
              ></label
            >`,
          )}
        </div>
        <span class="said">${chosen.length ? t("grid.selected", { n: chosen.length, of: shown.length }) : t("grid.count", { n: shown.length })}</span>
        <span class="gap"></span>
        <button ?disabled=${!shown.length} @click=${() => this.#all(chosen.length < shown.length)}>
          ${t(chosen.length < shown.length ? "grid.all" : "grid.none")}
        </button>
        <button ?disabled=${chosen.length !== 1 || !chosen[0].edited} @click=${this.copy}><i class="icon icon-copy"></i>${t("grid.copy")}</button>
        <button ?disabled=${!this.copied || !chosen.length || !!this.working} @click=${this.paste}>
          <i class="icon icon-clipboard-paste"></i>${t("grid.paste")}
        </button>
        ${this.copied ? this.#slots() : ""}
        ${["auto", "one"].map(
          (way) => html`<button ?disabled=${!chosen.length || !!this.working} title=${t(`grid.${way}.title`)} @click=${() => this.#auto(chosen.map(({ id }) => id), way === "one")}>
            <i class="icon icon-${way === "one" ? "layers" : "wand-sparkles"}"></i>${t(`grid.${way}`)}
          </button>`,
        )}
        <button class="primary" ?disabled=${!chosen.length} @click=${() => this.#export(chosen.map(({ id }) => id))}>
          <i class="icon icon-download"></i>${t("export.go")}
        </button>
      </div>
      ${this.working
        ? html`<p class="working" role="status"><span>${this.working}</span><button @click=${() => (this.stopped = true)}>${t("cancel")}</button></p>`
        : ""}
      <ul class="grid" aria-label=${t("grid.photos")} @keydown=${this.#key} data-arrows>
        ${repeat(
          shown,
          ({ id }) => id,
          (photo) => this.#photo(photo),
        )}
      </ul>
      ${shown.length ? "" : html`<p class="empty">${t(this.store.photos.length ? "grid.empty" : "grid.nothing")}</p>`}
    </div>`;
  }

  /** @param {import("../core/types.js").Listed} photo */
  #photo({ id, name, edited, revision }) {
    const chosen = this.selected.has(id);
    return html`<li class="thumb ${chosen ? "selected" : ""}" data-id=${id}>
      <a href="#/edit/${id}" aria-label=${t("grid.open", { name })}>
        <span class="frame"><img alt="" decoding="async" data-thumbnail=${api.thumbnail(id, edited, revision)} /></span>
      </a>
      <label class="thumb-line"
        ><input type="checkbox" .checked=${chosen} aria-label=${t("grid.select", { name })} @click=${(/** @type {MouseEvent} */ event) => this.#select(event, id)} /><span
          class="thumb-name"
          >${name}</span
        >${edited ? html`<span class="dot" role="img" aria-label=${t("edited")}></span>` : ""}</label
      >
    </li>`;
  }

  #slots() {
    const { copied } = this;
    if (!copied) return "";
    const all = copied.slots === null;
    return html`<label class="field inline"
      ><span>${t("grid.slots")}</span>
      <select @change=${(/** @type {any} */ event) => this.#only(event.target.value)}>
        <option value="" ?selected=${all}>${t("grid.slots.all")}</option>
        ${(this.copiedSlots ?? []).map(({ op, slot }) => {
          const key = `${op}.${slot}`;
          return html`<option value=${key} ?selected=${copied.slots?.[0] === key}>${named("op", op)}: ${named("slot", key)}</option>`;
        })}
      </select></label
    >`;
  }

  /** @param {string} slot */
  #only(slot) {
    if (this.copied) this.copied = { ...this.copied, slots: slot ? [slot] : null };
  }

  updated() {
    for (const image of this.querySelectorAll("img[data-thumbnail]")) {
      const wish = image.getAttribute("data-thumbnail");
      if (image.getAttribute("data-loaded") !== wish) this.seen.observe(image);
    }
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.seen.disconnect();
  }

  /** @param {Element} image */
  #load(image) {
    this.seen.unobserve(image);
    const wish = image.getAttribute("data-thumbnail") ?? "";
    image.setAttribute("data-loaded", wish);
    image.setAttribute("src", wish);
  }

  /** @param {boolean} on */
  #all(on) {
    this.selected = new Set(on ? this.#shown.map(({ id }) => id) : []);
  }

  /** @param {MouseEvent} event @param {string} id */
  #select(event, id) {
    const on = /** @type {HTMLInputElement} */ (event.target).checked;
    const order = this.#shown.map((photo) => photo.id);
    const from = event.shiftKey && this.anchor ? order.indexOf(this.anchor) : order.indexOf(id);
    const to = order.indexOf(id);
    const selected = new Set(this.selected);
    for (const each of order.slice(Math.min(from, to), Math.max(from, to) + 1)) {
      if (on) selected.add(each);
      else selected.delete(each);
    }
    this.anchor = id;
    this.selected = selected;
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const links = /** @type {HTMLElement[]} */ ([...this.querySelectorAll(".thumb a")]);
    const at = links.findIndex((link) => link.closest("li")?.contains(document.activeElement));
    if (at < 0) return;
    const top = (/** @type {number} */ i) => links[i]?.getBoundingClientRect().top;
    const row = links.findIndex((_, i) => i > 0 && top(i) !== top(0));
    const wide = row < 0 ? links.length : row;
    const by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -wide, ArrowDown: wide }[event.key];
    if (by === undefined || !links[at + by]) return;
    event.preventDefault();
    links[at + by].focus();
  }

  copy = async () => {
    const photo = this.store.photos.find(({ id }) => this.selected.has(id));
    if (!photo) return;
    try {
      const { plan } = await api.photo(photo.id);
      this.copiedSlots = changedSlots(plan, this.store.schema).filter(({ local }) => local === null);
      this.copied = { id: photo.id, name: photo.name, slots: null };
      this.store.announce(t("copied", { name: photo.name }), true);
      this.requestUpdate();
    } catch (error) {
      this.store.report(error);
    }
  };

  paste = async () => {
    const { copied, store } = this;
    const to = [...this.selected].filter((id) => id !== copied?.id);
    if (!copied || !to.length) return;
    try {
      await api.paste(copied.id, to, copied.slots);
      await store.list();
      store.announce(t("pasted", { n: to.length }), true);
    } catch (error) {
      store.report(error);
    }
  };

  /**
   * Plans for the selection, one photo after another: each its own, or that of the first for all.
   * @param {string[]} ids @param {boolean} one
   */
  async #auto(ids, one) {
    const { store } = this;
    const wish = { mode: "auto", planner: store.schema.default_planner };
    this.stopped = false;
    let plan = null;
    try {
      for (const [n, id] of ids.entries()) {
        this.working = t("grid.planning", { n: n + 1, of: ids.length });
        const { revision, frame } = await api.photo(id);
        if (!one || !plan) plan = await api.plan(id, frame ? { ...wish, frame } : wish, () => {});
        if (this.stopped) break;
        await api.saveEdits(id, revision, withFrame(plan, frame), t(one ? "step.one" : "step.auto"));
        await store.list();
      }
      store.announce(t("grid.planned"));
    } catch (error) {
      store.report(error);
    }
    this.working = "";
  }

  /** @param {string[]} ids */
  #export(ids) {
    this.dispatchEvent(new CustomEvent("export", { detail: ids, bubbles: true }));
  }
}
customElements.define("studio-grid", GridPage);
