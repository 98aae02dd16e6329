import { LitElement } from "../vendor/lit.js";

/** @import {Store} from "./store.js" */

/**
 * A button that was clicked by a pointer lets go of the focus: keys then belong to the tool that it chose.
 * @param {MouseEvent} event
 */
export function letGo(event) {
  if (event.detail) /** @type {HTMLElement} */ (event.target).closest("button")?.blur();
}

/**
 * A part of the page that shows the store's state: drawn again when that changes. It has no shadow: one style sheet
 * and one order of focus hold for the page.
 */
export class Part extends LitElement {
  static properties = { store: { attribute: false } };

  constructor() {
    super();
    /** @type {Store} */
    this.store = /** @type {any} */ (undefined);
    this.redraw = () => this.requestUpdate();
  }

  createRenderRoot() {
    return this;
  }

  connectedCallback() {
    super.connectedCallback();
    this.store?.addEventListener("change", this.redraw);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.store?.removeEventListener("change", this.redraw);
  }

  /** @param {Map<string, unknown>} changed */
  willUpdate(changed) {
    if (!changed.has("store")) return;
    /** @type {Store|undefined} */ (changed.get("store"))?.removeEventListener("change", this.redraw);
    if (this.isConnected) this.store?.addEventListener("change", this.redraw);
  }
}
