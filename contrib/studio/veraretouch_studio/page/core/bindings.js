/** What a control holds on to: a slot's value, wherever in the plan it stands. */

import { named, t } from "./texts.js";
import { editsAt, isChanged, restOf, same, valueOf, withEntry, withValue } from "./plan.js";

/** @import {Store} from "./store.js" */
/** @import {Plugin, Slot, Part} from "./types.js" */

/**
 * How far a move has come: more follows, more may follow soon (keys), or it is over.
 * @typedef {"drag"|"keys"|"done"} How
 *
 * @typedef {Object} Binding
 * @property {string} id of the control in the page
 * @property {string} address of the slot: `op.slot`
 * @property {string} label
 * @property {Slot} slot
 * @property {any} value
 * @property {any} rest
 * @property {boolean} changed
 * @property {boolean} lit whether a line of reasoning that is looked at moved it
 * @property {(value: any, how: How) => void} set
 */

/** The name of a slot beside its control: that of its op where the op has no other. @param {Plugin} op @param {string} name */
export function labelOf(op, name) {
  return Object.keys(op.slots).length === 1 ? named("op", op.id) : named("slot", `${op.id}.${name}`);
}

/**
 * @param {Store} store @param {string|null} local @param {Plugin} op @param {string} name
 * @returns {Binding}
 */
export function bindSlot(store, local, op, name) {
  const { plan } = store;
  const slot = op.slots[name];
  const label = labelOf(op, name);
  const changed = isChanged(plan, local, op, name);
  const held = valueOf(plan, local, op, name);
  return {
    id: `${local ?? ""}#${op.id}.${name}`.replace(/[^\w.#-]/g, "_"),
    address: `${op.id}.${name}`,
    label,
    slot,
    value: held === slot.identity ? restOf(slot) : held,
    rest: restOf(slot),
    changed,
    lit: changed && store.lit === slot.group,
    set: (value, how) => setSlots(store, local, op, { [name]: value }, stepName(op, name), how),
  };
}

/** @param {Plugin} op @param {string} name */
export function stepName(op, name) {
  const own = named("op", op.id);
  const label = labelOf(op, name);
  return own === label ? own : `${own}: ${label}`;
}

/**
 * Several slots of an op in one step; undefined takes one back to rest.
 * @param {Store} store @param {string|null} local @param {Plugin} op @param {Record<string, any>} values
 * @param {string} name of the step @param {How} how
 */
export function setSlots(store, local, op, values, name, how) {
  let { plan } = store;
  for (const [slot, value] of Object.entries(values)) plan = withValue(plan, local, op, slot, value);
  store.change(plan, local === null ? name : `${local}: ${name}`, how);
}

/** Whether an op does anything. @param {Store} store @param {string|null} local @param {Plugin} op */
export function opIsChanged(store, local, op) {
  return Object.keys(op.slots).some((name) => isChanged(store.plan, local, op, name));
}

/** @param {Store} store @param {string|null} local @param {Plugin} op */
export function resetOp(store, local, op) {
  if (!editsAt(store.plan, local)[op.id]) return;
  const none = Object.fromEntries(Object.keys(op.slots).map((name) => [name, undefined]));
  setSlots(store, local, op, none, t("step.reset", { name: named("op", op.id) }), "done");
}

/**
 * A slot of an area, which says where a local adjustment applies.
 * @param {Store} store @param {string} local @param {number} place of the part @param {Plugin} area @param {string} name
 * @returns {Binding}
 */
export function bindPart(store, local, place, area, name) {
  const slot = area.slots[name];
  const part = store.plan?.local?.find((entry) => entry.name === local)?.area?.[place];
  const rest = restOf(slot);
  const value = part?.params?.[name] ?? rest;
  return {
    id: `${local}.${place}#${area.id}.${name}`.replace(/[^\w.#-]/g, "_"),
    address: `${area.id}.${name}`,
    label: named("slot", `${area.id}.${name}`),
    slot,
    value,
    rest,
    changed: !same(value, rest),
    lit: false,
    set: (next, how) => setPart(store, local, place, { [name]: next }, how),
  };
}

/**
 * Values of an area; undefined takes one back to rest.
 * @param {Store} store @param {string} local @param {number} place @param {Record<string, any>} params @param {How} how
 */
export function setPart(store, local, place, params, how) {
  const change = (/** @type {Part} */ part) => {
    const values = Object.entries({ ...part.params, ...params }).filter(([, value]) => value !== undefined);
    return { ...part, params: Object.fromEntries(values) };
  };
  const plan = withEntry(store.plan, local, (entry) => ({
    ...entry,
    area: entry.area?.map((part, i) => (i === place ? change(part) : part)),
  }));
  store.change(plan, t("step.area", { name: local }), how);
}
