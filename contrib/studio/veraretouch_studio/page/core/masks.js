/** An area's mask made visible: the plan with that local adjustment alone changed to a red film. */

import { withLocal } from "./plan.js";

/** @import {Plan, Schema} from "./types.js" */

/**
 * @param {Plan|null} plan @param {string} name the local adjustment's @param {Schema} schema
 * @returns {Plan|null} null where the op that paints is not installed
 */
export function maskPlan(plan, name, schema) {
  const op = schema.ops.find(({ id }) => id === "color_matrix");
  const entry = plan?.local?.find((each) => each.name === name);
  if (!op || !entry || !plan) return null;
  const params = { matrix: [[0.35, 0, 0], [0, 0.3, 0], [0, 0, 0.3]], offset: [0.45, 0.02, 0.02] };
  const film = { ...entry, strength: 1, edits: { color_matrix: { version: op.version, params } } };
  const groups = [...new Set([...(plan.groups ?? schema.groups), "global_color"])];
  return { ...withLocal(plan, [film]), groups };
}
