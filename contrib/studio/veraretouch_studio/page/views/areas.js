import { html, repeat } from "../vendor/lit.js";
import { bindPart } from "../core/bindings.js";
import { freeName, withEntry, withLocal } from "../core/plan.js";
import { Part } from "../core/part.js";
import { named, t } from "../core/texts.js";
import { controlFor } from "../controls/registry.js";
import "../controls/slider.js";

/** @import {Local, Part as Where} from "../core/types.js" */

const COMBINE = ["add", "subtract", "intersect"];

/** Local adjustments: where each applies, how strongly, and what it does there. */
export class Areas extends Part {
  static properties = { ...Part.properties, mask: { type: Boolean } };

  constructor() {
    super();
    this.mask = false;
  }

  render() {
    const { plan, schema, area } = this.store;
    const entries = plan?.local ?? [];
    return html`<div class="areas">
      <label class="field"
        ><span>${t("areas.add")}</span>
        <select .value=${""} @change=${this.#add}>
          <option value="">${t("areas.choose")}</option>
          ${schema.areas.map(({ id, doc }) => html`<option value=${id} title=${doc}>${named("area", id)}</option>`)}
        </select></label
      >
      ${entries.length ? "" : html`<p class="said">${t("areas.none")}</p>`}
      ${repeat(entries, ({ name }) => name, (entry) => this.#entry(entry, entry.name === area))}
    </div>`;
  }

  /** @param {Local} entry @param {boolean} open */
  #entry(entry, open) {
    const { name } = entry;
    return html`<section class="area ${open ? "open" : ""}" data-area=${name}>
      <h2 class="op-head">
        <button class="fold" aria-expanded=${open} @click=${() => this.#choose(open ? null : name)}>
          <i class="icon icon-chevron-down"></i><span>${name}</span>
        </button>
        <button class="quiet" aria-label=${t("areas.remove", { name })} title=${t("areas.remove", { name })}
          @click=${() => this.#remove(name)}>
          <i class="icon icon-trash-2"></i>
        </button>
      </h2>
      ${open ? this.#body(entry) : ""}
    </section>`;
  }

  /** @param {Local} entry */
  #body(entry) {
    const { name, strength = 1 } = entry;
    return html`<div class="area-body">
      <div class="line">
        <label class="field"
          ><span>${t("areas.name")}</span>
          <input type="text" maxlength="100" .value=${name} @change=${(/** @type {any} */ event) => this.#rename(name, event.target.value)}
        /></label>
        <label class="check" title=${t("areas.mask.title")}
          ><input type="checkbox" class="switch" role="switch" .checked=${this.mask}
            @change=${() => this.dispatchEvent(new CustomEvent("mask", { bubbles: true }))} /><span>${t("areas.mask")}</span></label
        >
      </div>
      ${(entry.area ?? []).map((part, place) => this.#part(entry, part, place))}
      <label class="field"
        ><span>${t("areas.join")}</span>
        <select .value=${""} @change=${(/** @type {any} */ event) => this.#join(name, event.target)}>
          <option value="">${t("areas.choose")}</option>
          ${this.store.schema.areas.map(({ id }) => html`<option value=${id}>${named("area", id)}</option>`)}
        </select></label
      >
      <studio-slider
        .of=${strengthOf(`strength-${name}`, strength, (value, how) =>
          this.#change(name, (each) => ({ ...each, strength: value ?? 1 }), how))}
      ></studio-slider>
      <studio-sliders .store=${this.store} .local=${name}></studio-sliders>
    </div>`;
  }

  /** @param {Local} entry @param {Where} part @param {number} place */
  #part(entry, part, place) {
    const area = this.store.schema.areas.find(({ id }) => id === part.id);
    const name = named("area", part.id);
    const change = (/** @type {Partial<Where>} */ facts) =>
      this.#change(entry.name, (each) => ({
        ...each,
        area: each.area?.map((held, i) => (i === place ? { ...held, ...facts } : held)),
      }));
    return html`<fieldset class="part">
      <legend>
        <span>${name}</span>
        ${(entry.area?.length ?? 0) > 1
          ? html`<button class="quiet" aria-label=${t("areas.remove", { name })} title=${t("areas.remove", { name })}
              @click=${() => this.#change(entry.name, (each) => ({ ...each, area: each.area?.filter((_, i) => i !== place) }))}>
              <i class="icon icon-x"></i>
            </button>`
          : ""}
      </legend>
      <div class="line">
        ${place
          ? html`<select aria-label=${t("areas.combine")} @change=${(/** @type {any} */ event) => change({ combine: event.target.value })}>
              ${COMBINE.map((how) => html`<option value=${how} ?selected=${how === (part.combine ?? "add")}>${t(`combine.${how}`)}</option>`)}
            </select>`
          : ""}
        <label class="check"
          ><input type="checkbox" class="switch" role="switch" .checked=${!!part.invert}
            @change=${(/** @type {any} */ event) => change({ invert: event.target.checked })} /><span>${t("areas.invert")}</span></label
        >
      </div>
      ${area
        ? Object.keys(area.slots).map((slot) => controlFor(bindPart(this.store, entry.name, place, area, slot)))
        : html`<p class="said">${t("areas.unknown", { id: part.id })}</p>`}
    </fieldset>`;
  }

  /** @param {string} name @param {(entry: Local) => Local} change @param {"drag"|"keys"|"done"} [how] */
  #change(name, change, how = "done") {
    this.store.change(withEntry(this.store.plan, name, change), t("step.area", { name }), how);
  }

  /** @param {string} id @returns {Where} */
  #new(id) {
    const area = this.store.schema.areas.find((each) => each.id === id);
    return { id, version: area?.version ?? 1, ...(area?.from ? { from: area.from } : {}), params: {} };
  }

  /** @param {Event} event */
  #add(event) {
    const select = /** @type {HTMLSelectElement} */ (event.target);
    if (!select.value) return;
    const { plan } = this.store;
    const name = freeName(plan, named("area", select.value).replace(/[/#]/g, " "));
    const entry = { name, area: [this.#new(select.value)], edits: {} };
    select.value = "";
    this.store.area = name;
    this.store.change(withLocal(plan, [...(plan?.local ?? []), entry]), t("step.area.add", { name }));
    this.store.announce(t("step.area.add", { name }));
  }

  /** @param {string} name @param {HTMLSelectElement} select */
  #join(name, select) {
    if (!select.value) return;
    const part = this.#new(select.value);
    select.value = "";
    this.#change(name, (each) => ({ ...each, area: [...(each.area ?? []), part] }));
  }

  /** @param {string} name */
  #remove(name) {
    if (this.store.area === name) this.store.area = null;
    const left = (this.store.plan?.local ?? []).filter((each) => each.name !== name);
    this.store.change(withLocal(this.store.plan, left), t("step.area.remove", { name }));
  }

  /** @param {string} name @param {string} wish */
  #rename(name, wish) {
    const clean = wish.replace(/[/#\p{Cc}]/gu, " ").trim();
    if (!clean || clean === name) return this.requestUpdate();
    const next = freeName(this.store.plan, clean);
    this.store.area = next;
    return this.#change(name, (each) => ({ ...each, name: next }));
  }

  /** @param {string|null} name */
  #choose(name) {
    this.store.area = name;
    this.store.tell("plan");
  }
}
customElements.define("studio-areas", Areas);

/**
 * A slider from 0 to 1 of how strongly something applies.
 * @param {string} id @param {number} value @param {(value: number|undefined, how: any) => void} set
 * @returns {import("../controls/slider.js").Slid}
 */
export function strengthOf(id, value, set) {
  return {
    id: id.replace(/[^\w-]/g, "_"),
    label: t("strength"),
    doc: t("strength.doc"),
    value,
    rest: 1,
    low: 0,
    high: 1,
    step: 0.01,
    changed: value !== 1,
    sign: "",
    shown: (number) => number.toFixed(2),
    typed: (text) => (Number.isFinite(parseFloat(text)) ? parseFloat(text.replace(",", ".")) : null),
    set,
  };
}
