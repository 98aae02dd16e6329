/** Plans as values: each function gives a new plan and leaves the old one as it is. */

/** @import {Plan, Plugin, Slot, Schema, Edit, Local} from "./types.js" */

const WITH_PLACES = "veraretouch.plan/2"; // local adjustments, or a frame
const WITHOUT = "veraretouch.plan/1";
const OWN_GROUPS = ["lighting", "global_color", "specific_color"];

/** @returns {Plan} a plan that changes nothing */
export function emptyPlan() {
  return { schema: WITHOUT, mode: "param", strength: 1, edits: {}, groups: [...OWN_GROUPS], reasoning: {} };
}

/**
 * Where values stand: in the plan itself, or in one of its local adjustments.
 * @param {Plan|null} plan @param {string|null} local its name
 * @returns {Record<string, Edit>}
 */
export function editsAt(plan, local) {
  if (!plan) return {};
  return local === null ? plan.edits : (plan.local?.find((entry) => entry.name === local)?.edits ?? {});
}

/** @param {Plan|null} plan @param {string|null} local @param {Plugin} op @param {string} name */
export function valueOf(plan, local, op, name) {
  return editsAt(plan, local)[op.id]?.params[name] ?? op.slots[name].identity;
}

/** Whether two values are the same. @param {any} a @param {any} b @returns {boolean} */
export function same(a, b) {
  if (typeof a === "boolean" || typeof b === "boolean") return Number(a) === Number(b);
  if (typeof a === "number" && typeof b === "number") return Math.abs(a - b) < 1e-9;
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((each, i) => same(each, b[i]));
  return JSON.stringify(a) === JSON.stringify(b);
}

/** @param {Plan|null} plan @param {string|null} local @param {Plugin} op @param {string} name */
export function isChanged(plan, local, op, name) {
  const held = editsAt(plan, local)[op.id]?.params[name];
  return held !== undefined && !same(held, restOf(op.slots[name]));
}

/** The value of a slot at rest; a choice's is a word, a switch's true or false. @param {Slot} slot */
export function restOf(slot) {
  if (slot.kind === "choice" && typeof slot.identity === "number") return slot.options?.[slot.identity] ?? slot.identity;
  if (slot.kind === "switch") return Boolean(slot.identity);
  return slot.identity;
}

/**
 * @param {Plan|null} plan @param {string|null} local @param {Plugin} op @param {string} name @param {any} value
 * @returns {Plan}
 */
export function withValue(plan, local, op, name, value) {
  const base = plan ?? emptyPlan();
  const edits = { ...editsAt(base, local) };
  const before = edits[op.id] ?? { version: op.version, ...(op.from ? { from: op.from } : {}), params: {} };
  const params = { ...before.params };
  if (value === undefined && op.slots[name].kind === "embedding") Object.keys(params).forEach((each) => delete params[each]);
  if (value === undefined || (op.slots[name].identity !== null && same(value, restOf(op.slots[name])))) {
    delete params[name];
  } else params[name] = value;
  if (Object.keys(params).length) edits[op.id] = { ...before, params };
  else delete edits[op.id];
  const made = withEdits(base, local, edits);
  const group = op.slots[name].group;
  const on = made.groups;
  return on && !on.includes(group) ? { ...made, groups: [...on, group] } : made;
}

/** @param {Plan} plan @param {string|null} local @param {Record<string, Edit>} edits @returns {Plan} */
function withEdits(plan, local, edits) {
  if (local === null) return { ...plan, edits };
  return { ...plan, local: plan.local?.map((entry) => (entry.name === local ? { ...entry, edits } : entry)) };
}

/** @param {Plan|null} plan @param {string} group @param {boolean} on @param {Schema} schema @returns {Plan} */
export function withGroup(plan, group, on, schema) {
  const base = plan ?? emptyPlan();
  const before = base.groups ?? schema.groups;
  const groups = schema.groups.filter((each) => (each === group ? on : before.includes(each)));
  return { ...base, groups };
}

/**
 * Whether a group has its say: its name is in the plan, or it has no values that could be switched off.
 * @param {Plan|null} plan @param {string} group @param {Schema} schema
 */
export function groupIsOn(plan, group, schema) {
  if (!plan?.groups || plan.groups.includes(group)) return true;
  return !changedSlots(plan, schema).some((slot) => slot.group === group) && !OWN_GROUPS.includes(group);
}

/** Whether a plan does anything; one whose values were all taken back does nothing. @param {Plan|null|undefined} plan */
export function isEdited(plan) {
  return !!plan && (Object.keys(plan.edits).length > 0 || !!plan.local?.length || !!plan.frame);
}

/**
 * The slots that a plan moved, those of its local adjustments with its name.
 * @param {Plan|null} plan @param {Schema} schema
 * @returns {{op: string, slot: string, group: string, local: string|null}[]}
 */
export function changedSlots(plan, schema) {
  const found = [];
  const places = [null, ...(plan?.local ?? []).map((entry) => entry.name)];
  for (const op of schema.ops) {
    for (const [slot, { group }] of Object.entries(op.slots)) {
      for (const local of places) {
        if (isChanged(plan, local, op, slot)) found.push({ op: op.id, slot, group, local });
      }
    }
  }
  return found;
}

/** The local adjustments, changed. @param {Plan|null} plan @param {Local[]} local @returns {Plan} */
export function withLocal(plan, local) {
  const { local: _, ...rest } = plan ?? emptyPlan();
  const schema = local.length || rest.frame ? WITH_PLACES : WITHOUT;
  return { ...rest, schema, ...(local.length ? { local } : {}) };
}

/** @param {Plan|null} plan @param {string} name @param {(entry: Local) => Local} change @returns {Plan} */
export function withEntry(plan, name, change) {
  return withLocal(plan, (plan?.local ?? []).map((entry) => (entry.name === name ? change(entry) : entry)));
}

/**
 * A plan with the local adjustments that were made, or changed, since a planner was asked for it.
 * @param {Plan} plan @param {Plan|null} asked the plan then @param {Plan|null} now
 * @returns {Plan}
 */
export function withSince(plan, asked, now) {
  const since = (now?.local ?? []).filter((entry) => !asked?.local?.some((before) => same(before, entry)));
  if (!since.length) return plan;
  let made = withLocal(plan, since);
  for (const entry of plan.local ?? []) {
    made = withLocal(made, [...(made.local ?? []), { ...entry, name: freeName(made, entry.name) }]);
  }
  return made;
}

/** A name that no local adjustment has yet. @param {Plan|null} plan @param {string} wish */
export function freeName(plan, wish) {
  const taken = new Set(plan?.local?.map((entry) => entry.name));
  if (!taken.has(wish)) return wish;
  let n = 2;
  while (taken.has(`${wish} ${n}`)) n += 1;
  return `${wish} ${n}`;
}

/**
 * Another plan's values over a plan's own: what a preset or a table does.
 * @param {Plan|null} plan @param {Plan} more @returns {Plan}
 */
export function merged(plan, more) {
  const base = plan ?? emptyPlan();
  const edits = { ...base.edits };
  for (const [id, edit] of Object.entries(more.edits)) {
    edits[id] = { ...edit, params: { ...(edits[id]?.params ?? {}), ...edit.params } };
  }
  const groups = [...new Set([...(base.groups ?? OWN_GROUPS), ...(more.groups ?? [])])];
  /** @type {Plan} */
  let made = withLocal({ ...base, ...(more.frame ? { frame: more.frame } : {}), edits, groups }, base.local ?? []);
  for (const entry of more.local ?? []) {
    made = withLocal(made, [...(made.local ?? []), { ...entry, name: freeName(made, entry.name) }]);
  }
  return made;
}

/** A plan in a frame, given as JSON, empty for none. @param {Plan} plan @param {string} frame @returns {Plan} */
export function withFrame(plan, frame) {
  const { frame: _, ...rest } = plan;
  return withLocal({ ...rest, ...(frame ? { frame: JSON.parse(frame) } : {}) }, rest.local ?? []);
}

/** Whether an op with weights has its say in a plan. @param {Plan|null} plan @param {Schema} schema */
export function hasWeights(plan, schema) {
  return schema.ops.some((op) => op.weights && plan?.edits[op.id]);
}
