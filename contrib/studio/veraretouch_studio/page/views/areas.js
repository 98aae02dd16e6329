import { html, repeat } from "../vendor/lit.js";
import { bindPart } from "../core/bindings.js";
import { brush, LARGEST, SMALLEST } from "../tools/brush.js";
import { freeName, withEntry, withLocal } from "../core/plan.js";
import { letGo, Part } from "../core/part.js";
import { BRUSH, count, rowsOf } from "../tools/strokes.js";
import { named, t } from "../core/texts.js";
import { controlFor } from "../controls/registry.js";
import { reset } from "../controls/discrete.js";
import "../controls/slider.js";

/** @import {Local, Part as Where} from "../core/types.js" */

const COMBINE = ["add", "subtract", "intersect"];

/** Local adjustments: where each applies, how strongly, and what it does there. */
export class Areas extends Part {
  static properties = { ...Part.properties, mask: { type: Boolean } };

  constructor() {
    super();
    this.mask = false;
    /** Whether a key is going down on a closed list. */
    this.keyed = false;
  }

  connectedCallback() {
    super.connectedCallback();
    brush.addEventListener("change", this.redraw);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    brush.removeEventListener("change", this.redraw);
  }

  render() {
    const { plan, area } = this.store;
    const entries = plan?.local ?? [];
    return html`<div class="areas">
      <label class="field"
        ><span>${t("areas.add")}</span>
        ${this.#kinds((id) => this.add(id))}</label
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
      ${this.#brush()}
      ${(entry.area ?? []).map((part, place) => this.#part(entry, part, place))}
      <label class="field"
        ><span>${t("areas.join")}</span>
        ${this.#kinds((id) => this.#join(name, id))}</label
      >
      <studio-slider
        .of=${strengthOf(`strength-${name}`, strength, (value, how) =>
          this.#change(name, (each) => ({ ...each, strength: value ?? 1 }), how))}
      ></studio-slider>
      <studio-sliders .store=${this.store} .local=${name}></studio-sliders>
    </div>`;
  }

  /** Painting on the area that is open, whatever it is made of. */
  #brush() {
    const { store } = this;
    if (!store.schema.areas.some(({ id }) => id === BRUSH)) return "";
    const choice = (/** @type {"paint"|"erase"} */ tool, /** @type {string} */ icon) => html`<button
      aria-pressed=${store.tool === tool}
      title=${t(`brush.${tool}.title`)}
      @click=${() => store.setTool(store.tool === tool ? "" : tool)}
    >
      <i class="icon icon-${icon}"></i>${t(`brush.${tool}`)}
    </button>`;
    const on = store.tool === "paint" || store.tool === "erase";
    return html`<div class="brush-tools" role="group" aria-label=${t("brush")} @click=${letGo}>
      <div class="line">${choice("paint", "brush")} ${choice("erase", "eraser")}</div>
      ${on
        ? html`${brushSliders().map((of) => html`<studio-slider .of=${of}></studio-slider>`)}
            <p class="said">${t("brush.hint")}</p>`
        : ""}
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
        ? Object.keys(area.slots).map((slot) => partControl(bindPart(this.store, entry.name, place, area, slot)))
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

  /**
   * A list of areas to take one from. On the closed list each letter and arrow is a choice of its own: what they come
   * to is taken by Enter, or when the list is left.
   * @param {(id: string) => void} take
   */
  #kinds(take) {
    const chosen = (/** @type {Event} */ event) => {
      const select = /** @type {HTMLSelectElement} */ (event.target);
      const id = select.value;
      select.value = "";
      if (!id) return;
      event.preventDefault(); // Enter would open the list
      take(id);
    };
    const change = (/** @type {Event} */ event) => this.keyed || chosen(event);
    const key = (/** @type {KeyboardEvent} */ event) => {
      if (event.key === "Enter") return chosen(event);
      this.keyed = true;
      setTimeout(() => (this.keyed = false));
    };
    const kinds = this.store.schema.areas.map(({ id, doc }) => ({ id, doc, name: named("area", id) }));
    kinds.sort((a, b) => a.name.localeCompare(b.name));
    return html`<select .value=${""} @keydown=${key} @change=${change} @blur=${chosen}>
      <option value="">${t("areas.choose")}</option>
      ${kinds.map(({ id, doc, name }) => html`<option value=${id} title=${doc}>${name}</option>`)}
    </select>`;
  }

  /** A local adjustment of one area. @param {string} id */
  add(id) {
    const { plan } = this.store;
    const name = freeName(plan, named("area", id).replace(/[/#]/g, " "));
    const entry = { name, area: [this.#new(id)], edits: {} };
    this.store.area = name;
    this.store.change(withLocal(plan, [...(plan?.local ?? []), entry]), t("step.area.add", { name }));
    this.store.setTool(id === BRUSH ? "paint" : "");
    this.store.announce(t("step.area.add", { name }));
  }

  /** @param {string} name @param {string} id */
  #join(name, id) {
    const part = this.#new(id);
    if (part.id === BRUSH) this.store.setTool("paint");
    this.#change(name, (each) => ({ ...each, area: [...(each.area ?? []), part] }));
  }

  /** @param {string} name */
  #remove(name) {
    if (this.store.area === name) this.#choose(null);
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
    this.store.setTool("");
    this.store.tell("plan");
  }
}
customElements.define("studio-areas", Areas);

/**
 * The control of an area's slot: strokes are painted on the picture.
 * @param {import("../core/bindings.js").Binding} binding
 */
function partControl(binding) {
  if (binding.slot.kind !== "strokes") return controlFor(binding);
  const n = count(rowsOf(binding.value));
  return html`<div class="row plain strokes ${n ? "changed" : ""}">
    <span class="name" title=${binding.slot.doc}>${binding.label}</span>
    <span class="value">${n ? t("strokes", { n }) : t("summary.rest")}</span>
    ${reset({ ...binding, changed: n > 0 })}
  </div>`;
}

/** Size, hardness and flow of the brush. @returns {import("../controls/slider.js").Slid[]} */
function brushSliders() {
  const octaves = Math.log(LARGEST / SMALLEST);
  const share = (/** @type {number} */ radius) => Math.log(radius / SMALLEST) / octaves;
  const number = (/** @type {string} */ text) => parseFloat(text.replace(",", "."));
  const known = (/** @type {number} */ value) => (Number.isFinite(value) ? value : null);
  const plain = (/** @type {"hardness"|"flow"} */ name, /** @type {number} */ rest) => ({
    ...strengthOf(`brush-${name}`, brush[name], (value) => brush.set({ [name]: value ?? rest })),
    label: t(`brush.${name}`),
    doc: t(`brush.${name}.doc`),
    rest,
    changed: brush[name] !== rest,
  });
  return [
    {
      ...strengthOf("brush-size", share(brush.radius), (value) =>
        brush.set({ radius: SMALLEST * Math.exp(octaves * (value ?? share(0.04))) })),
      label: t("brush.size"),
      doc: t("brush.size.doc"),
      rest: share(0.04),
      changed: Math.abs(brush.radius - 0.04) > 1e-6,
      sign: "%",
      shown: (value) => (200 * SMALLEST * Math.exp(octaves * value)).toFixed(1),
      typed: (text) => known(share(number(text) / 200)),
    },
    plain("hardness", 0.5),
    plain("flow", 1),
  ];
}

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
