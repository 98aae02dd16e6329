import { html, repeat } from "../vendor/lit.js";
import * as api from "../core/api.js";
import { Part } from "../core/part.js";
import { counted, t } from "../core/texts.js";
import "./batch.js";
import "./job.js";

/** @import {Plan} from "../core/types.js" */

const FILTERS = ["all", "edited", "unedited"];

/** All photos: selected, planned, given the edits of another, and exported. */
export class GridPage extends Part {
  static properties = { ...Part.properties, filter: { state: true }, job: { state: true } };

  constructor() {
    super();
    this.filter = "all";
    /** The planning under way, or the one before. @type {any} */
    this.job = null;
    /** Where a selection with Shift begins. @type {string|null} */
    this.anchor = null;
    /** The photo whose edits are pasted. @type {{id: string, name: string, plan: Plan}|null} */
    this.copied = null;
    this.seen = new IntersectionObserver((entries) => entries.forEach((entry) => entry.isIntersecting && this.#load(entry.target)), {
      rootMargin: "300px",
    });
  }

  get #shown() {
    const { photos } = this.store;
    return this.filter === "all" ? photos : photos.filter(({ edited }) => edited === (this.filter === "edited"));
  }

  /** The photos that are selected, of those that are shown. */
  get chosen() {
    return this.#shown.filter(({ id }) => this.store.selected.has(id));
  }

  render() {
    const shown = this.#shown;
    const { chosen } = this;
    const ids = chosen.map(({ id }) => id);
    const busy = this.job?.state === "running";
    return html`<div class="grid-page" @job=${(/** @type {any} */ event) => this.#follow(event.detail)}>
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
        <span class="said" role="status">${ids.length ? t("grid.selected", { n: ids.length, of: shown.length }) : t("grid.count", { n: shown.length })}</span>
        <span class="gap"></span>
        <button ?disabled=${!shown.length} @click=${() => this.all(ids.length < shown.length)}>
          ${t(ids.length < shown.length ? "grid.all" : "grid.none")}
        </button>
        <button ?disabled=${ids.length !== 1 || !chosen[0].edited} @click=${this.copy}><i class="icon icon-copy"></i>${t("grid.copy")}</button>
        <button ?disabled=${!this.copied || !ids.length} @click=${this.paste}><i class="icon icon-clipboard-paste"></i>${t("grid.paste")}</button>
        ${this.copied
          ? html`<button ?disabled=${!ids.length} title=${t("grid.some.title")} @click=${this.pasteSome}>
              <i class="icon icon-clipboard-paste"></i>${t("grid.some")}
            </button>`
          : ""}
        <button ?disabled=${!ids.length || busy} title=${t("grid.retouch.title")} @click=${this.retouch}>
          <i class="icon icon-wand-sparkles"></i>${t("grid.retouch")}
        </button>
        <button class="primary" ?disabled=${!ids.length} @click=${() => this.#ask("export", ids)}>
          <i class="icon icon-download"></i>${t("export.go")}
        </button>
      </div>
      <div class="working">
        ${this.job
          ? html`<studio-job .store=${this.store} .job=${this.job}></studio-job>
              ${busy
                ? ""
                : html`<button class="quiet" aria-label=${t("close")} title=${t("close")} @click=${() => (this.job = null)}><i class="icon icon-x"></i></button>`}`
          : ""}
      </div>
      <ul class="grid" aria-label=${t("grid.photos")} @keydown=${this.#key} data-arrows>
        ${repeat(
          shown,
          ({ id }) => id,
          (photo) => this.#photo(photo),
        )}
      </ul>
      ${shown.length ? "" : html`<p class="empty">${t(this.store.photos.length ? "grid.empty" : "grid.nothing")}</p>`}
      <studio-batch .store=${this.store}></studio-batch>
    </div>`;
  }

  /** @param {import("../core/types.js").Listed} photo */
  #photo({ id, name, edited, revision }) {
    const chosen = this.store.selected.has(id);
    return html`<li class="thumb ${chosen ? "selected" : ""}" data-id=${id}>
      <a href="#/edit/${id}" aria-label=${t(chosen ? "grid.open.selected" : "grid.open", { name })}>
        <span class="frame"><img alt="" decoding="async" data-thumbnail=${api.thumbnail(id, edited, revision)} /></span>
      </a>
      <label class="thumb-line"
        ><input type="checkbox" .checked=${chosen} aria-label=${t("grid.select", { name })} @click=${(/** @type {MouseEvent} */ event) => this.#click(event, id)} /><span
          class="thumb-name"
          >${name}</span
        >${edited ? html`<span class="dot" role="img" aria-label=${t("edited")}></span>` : ""}</label
      >
    </li>`;
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

  /** Select all that are shown, or none. @param {boolean} on */
  all(on) {
    this.store.select(on ? this.#shown.map(({ id }) => id) : []);
  }

  /** @param {MouseEvent} event @param {string} id */
  #click(event, id) {
    const on = /** @type {HTMLInputElement} */ (event.target).checked;
    this.#range(event.shiftKey ? (this.anchor ?? id) : id, id, on);
    this.anchor = id;
  }

  /** Select, or not, from one photo to another. @param {string} from @param {string} to @param {boolean} on */
  #range(from, to, on) {
    const order = this.#shown.map(({ id }) => id);
    const ends = [order.indexOf(from), order.indexOf(to)].map((at) => (at < 0 ? order.indexOf(to) : at));
    const selected = new Set(this.store.selected);
    for (const each of order.slice(Math.min(...ends), Math.max(...ends) + 1)) {
      if (on) selected.add(each);
      else selected.delete(each);
    }
    this.store.select([...selected]);
  }

  /** Arrows go from photo to photo, with Shift they select; Space selects one. @param {KeyboardEvent} event */
  #key(event) {
    const links = /** @type {HTMLElement[]} */ ([...this.querySelectorAll(".thumb a")]);
    const order = this.#shown.map(({ id }) => id);
    const at = links.findIndex((link) => link.closest("li")?.contains(document.activeElement));
    if (at < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === " " && document.activeElement === links[at]) {
      event.preventDefault();
      this.#range(order[at], order[at], !this.store.selected.has(order[at]));
      this.anchor = order[at];
      return;
    }
    const top = (/** @type {number} */ i) => links[i]?.getBoundingClientRect().top;
    const row = links.findIndex((_, i) => i > 0 && top(i) !== top(0));
    const wide = row < 0 ? links.length : row;
    const by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -wide, ArrowDown: wide, Home: -at, End: links.length - 1 - at }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    if (!links[at + by]) return;
    links[at + by].focus();
    if (!event.shiftKey) this.anchor = order[at + by];
    else {
      this.anchor ??= order[at];
      const span = [order.indexOf(this.anchor), at + by].sort((a, b) => a - b);
      this.store.select(order.slice(span[0], span[1] + 1));
    }
  }

  copy = async () => {
    const photo = this.chosen[0];
    if (!photo) return;
    try {
      const { plan } = await api.photo(photo.id);
      if (!plan) return;
      this.copied = { id: photo.id, name: photo.name, plan };
      this.store.announce(t("copied", { name: photo.name }), true);
      this.requestUpdate();
    } catch (error) {
      this.store.report(error);
    }
  };

  /** Where the copied edits go: the selection without the photo that they are of. */
  get #others() {
    return this.chosen.map(({ id }) => id).filter((id) => id !== this.copied?.id);
  }

  paste = async () => {
    const { copied, store } = this;
    const to = this.#others;
    if (!copied || !to.length) return;
    try {
      await api.paste({ from: copied.id, to, name: t("step.paste") });
      await store.list();
      store.announce(counted("pasted", to.length), true);
    } catch (error) {
      store.report(error);
    }
  };

  pasteSome = () => this.#ask("paste", { plan: this.copied?.plan ?? null, to: this.#others, only: "" });

  /** What is under way is ended; else nothing stays selected. */
  stop() {
    if (this.job?.state === "running") void api.cancel(this.job.job);
    else this.all(false);
  }

  retouch = () => {
    const ids = this.chosen.map(({ id }) => id);
    if (!ids.length || this.job?.state === "running") return null;
    const batch = /** @type {import("./batch.js").Batch} */ (this.querySelector("studio-batch"));
    return batch.open(ids, this.copied).then(() => batch);
  };

  /** @param {any} job that has begun */
  async #follow(job) {
    this.job = job;
    let planned = 0;
    try {
      await api.followJob(job.job, (state) => {
        this.job = state;
        if (state.photos.length > planned) {
          planned = state.photos.length;
          void this.store.list();
        }
      });
      await this.store.list();
    } catch (error) {
      this.job = null;
      this.store.report(error);
    }
  }

  /** @param {string} what @param {any} detail */
  #ask(what, detail) {
    this.dispatchEvent(new CustomEvent(what, { detail, bubbles: true }));
  }
}
customElements.define("studio-grid", GridPage);
