import { html, repeat } from "../vendor/lit.js";
import { bindSlot, opIsChanged, resetOp, setSlots } from "../core/bindings.js";
import { groupIsOn, withGroup } from "../core/plan.js";
import { Part } from "../core/part.js";
import { named, t } from "../core/texts.js";
import { controlFor } from "../controls/registry.js";
import { wheelsOf } from "../controls/wheel.js";

/** @import {Plugin} from "../core/types.js" */

const OPEN = "studio.open-ops";
const MOST_OPEN = 4; // slots of an op that is open from the start

/** The ops' controls by group and stage: of the whole photo, or of one local adjustment. */
export class Sliders extends Part {
  static properties = { ...Part.properties, local: { attribute: false } };

  constructor() {
    super();
    /** @type {string|null} */
    this.local = null;
    /** @type {Record<string, boolean>} */
    this.opened = JSON.parse(localStorage.getItem(OPEN) ?? "{}");
  }

  render() {
    const { schema } = this.store;
    const known = new Set(schema.groups);
    const ops = schema.ops.filter((op) => !madeByPlanners(op) || this.store.plan?.edits[op.id]);
    const groups = schema.groups.map((group) => ({ group, ops: ops.filter((op) => homeOf(op, known) === group) }));
    return html`${repeat(
      groups.filter(({ ops }) => ops.length),
      ({ group }) => group,
      ({ group, ops }) => this.#section(group, ops),
    )}`;
  }

  /** @param {string} group @param {Plugin[]} ops */
  #section(group, ops) {
    const { store } = this;
    const name = named("group", group);
    const on = groupIsOn(store.plan, group, store.schema);
    const key = `group.${group}`;
    const open = this.opened[key] ?? (group === "lighting" || group === "global_color");
    const changed = ops.filter((op) => opIsChanged(store, this.local, op)).length;
    return html`<section class="group ${on ? "" : "off"}" data-group=${group}>
      <h2 class="group-head">
        <button class="fold" aria-expanded=${open} @click=${() => this.#fold(key, !open)}>
          <i class="icon icon-chevron-down"></i><span>${name}</span>
          ${changed ? html`<span class="count" title=${t("group.changed", { n: changed })}>${changed}</span>` : ""}
        </button>
        ${this.local === null
          ? html`<input
              type="checkbox"
              role="switch"
              class="switch"
              .checked=${on}
              aria-label=${t("group.switch", { name })}
              title=${t("group.switch", { name })}
              @change=${(/** @type {any} */ event) => this.#switch(group, event.target.checked)}
            />`
          : ""}
      </h2>
      ${open ? html`<div class="group-body">${repeat(ops, (op) => op.id, (op) => this.#op(op))}</div>` : ""}
    </section>`;
  }

  /** @param {Plugin} op */
  #op(op) {
    const { store, local } = this;
    const slots = Object.keys(op.slots);
    const name = named("op", op.id);
    const changed = opIsChanged(store, local, op);
    if (slots.length === 1 && op.slots[slots[0]].kind === "scalar") {
      return html`<div class="op" data-op=${op.id}>${controlFor(bindSlot(store, local, op, slots[0]))}</div>`;
    }
    const plain = slots.every((slot) => op.slots[slot].kind === "scalar");
    const key = `op.${op.id}`;
    const open = this.opened[key] ?? (plain && slots.length <= MOST_OPEN && !!op.pointwise);
    return html`<div class="op ${open ? "open" : ""} ${changed ? "changed" : ""}" data-op=${op.id}>
      <h3 class="op-head">
        <button class="fold" aria-expanded=${open} title=${op.doc} @click=${() => this.#fold(key, !open)}>
          <i class="icon icon-chevron-down"></i><span>${name}</span>
          ${op.from ? html`<span class="from">${op.from}</span>` : ""}
          ${changed && !open ? html`<span class="dot" role="img" aria-label=${t("changed")}></span>` : ""}
        </button>
        <button
          class="quiet reset"
          ?disabled=${!changed}
          aria-label=${t("reset.label", { label: name })}
          title=${t("reset.all")}
          @click=${() => resetOp(store, local, op)}
        >
          <i class="icon icon-rotate-ccw"></i>
        </button>
      </h3>
      ${open ? html`<div class="op-body">${this.#controls(op)}</div>` : ""}
    </div>`;
  }

  /** @param {Plugin} op */
  #controls(op) {
    const { store, local } = this;
    const wheels = wheelsOf(op);
    const taken = new Set(wheels.flatMap(({ hue, saturation }) => [hue, saturation]));
    const rest = Object.keys(op.slots).filter((name) => !taken.has(name));
    const discs = wheels.map(({ stem, hue, saturation }) => {
      const label = named("wheel", stem);
      return html`<studio-wheel
        .label=${label}
        .hue=${bindSlot(store, local, op, hue)}
        .saturation=${bindSlot(store, local, op, saturation)}
        .set=${(/** @type {any[]} */ [angle, share], /** @type {any} */ how) =>
          setSlots(store, local, op, { [hue]: angle, [saturation]: share }, `${named("op", op.id)}: ${label}`, how)}
      ></studio-wheel>`;
    });
    return html`${discs.length ? html`<div class="wheels">${discs}</div>` : ""}
    ${repeat(rest, (name) => name, (name) => controlFor(bindSlot(store, local, op, name)))}`;
  }

  /** @param {string} key @param {boolean} open */
  #fold(key, open) {
    this.opened = { ...this.opened, [key]: open };
    localStorage.setItem(OPEN, JSON.stringify(this.opened));
    this.requestUpdate();
  }

  /** @param {string} group @param {boolean} on */
  #switch(group, on) {
    const name = t(on ? "step.on" : "step.off", { name: named("group", group) });
    this.store.change(withGroup(this.store.plan, group, on, this.store.schema), name);
  }

  /** Open what holds a group's changed slots, and bring it into view. @param {string} group */
  reveal(group) {
    const open = { [`group.${group}`]: true };
    for (const op of this.store.schema.ops) {
      if (opIsChanged(this.store, this.local, op) && Object.values(op.slots).some((slot) => slot.group === group)) {
        open[`op.${op.id}`] = true;
        open[`group.${homeOf(op, new Set(this.store.schema.groups))}`] = true;
      }
    }
    this.opened = { ...this.opened, ...open };
    this.requestUpdate();
    void this.updateComplete.then(() => this.querySelector(".lit")?.scrollIntoView({ block: "nearest" }));
  }
}
customElements.define("studio-sliders", Sliders);

/** The group under which an op stands: that of its first slot. @param {Plugin} op @param {Set<string>} known */
function homeOf(op, known) {
  const groups = Object.values(op.slots).map((slot) => slot.group);
  return groups.find((group) => known.has(group)) ?? groups[0];
}


/** Whether an op has nothing that could be moved by hand; it is shown where a plan has it. @param {Plugin} op */
function madeByPlanners(op) {
  return Object.values(op.slots).every(({ kind }) => kind === "embedding");
}
