import { html, repeat } from "../vendor/lit.js";
import * as api from "../core/api.js";
import { Part } from "../core/part.js";
import { t } from "../core/texts.js";

const EACH_WAY = 24; // photos beside the one that is open

/** The photos beside the one that is open. */
export class Filmstrip extends Part {
  /** The photo that was brought into view. @type {string|undefined} */
  seen;

  render() {
    const { photos, photo } = this.store;
    const at = photos.findIndex(({ id }) => id === photo?.id);
    const shown = photos.slice(Math.max(0, at - EACH_WAY), at + EACH_WAY + 1);
    if (photos.length < 2) return html``;
    return html`<nav class="filmstrip" aria-label=${t("filmstrip")}>
      ${repeat(
        shown,
        ({ id }) => id,
        ({ id, name, edited, revision }) => html`<a
          href="#/edit/${id}"
          aria-current=${id === photo?.id ? "true" : "false"}
          title=${name}
          ><img src=${api.thumbnail(id, edited, revision)} alt=${name} loading="lazy" decoding="async" />${edited
            ? html`<span class="dot" role="img" aria-label=${t("edited")}></span>`
            : ""}</a
        >`,
      )}
    </nav>`;
  }

  updated() {
    const id = this.store.photo?.id;
    if (id === this.seen) return;
    this.seen = id;
    this.querySelector("[aria-current=true]")?.scrollIntoView({ block: "nearest", inline: "center" });
  }
}
customElements.define("studio-filmstrip", Filmstrip);
