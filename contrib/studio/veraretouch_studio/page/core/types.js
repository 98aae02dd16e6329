/**
 * The shapes that server and page agree on; no code.
 *
 * @typedef {Object} Slot
 * @property {string} kind
 * @property {number[]} shape
 * @property {any} low
 * @property {any} high
 * @property {any} identity
 * @property {any} off
 * @property {number|null} [period]
 * @property {string} unit
 * @property {string} group
 * @property {string} doc
 * @property {string[]} [options]
 *
 * @typedef {Object} Plugin an op or an area
 * @property {string} id
 * @property {number} version
 * @property {string} doc
 * @property {string|null} from
 * @property {Record<string, Slot>} slots
 * @property {boolean} [pointwise]
 * @property {boolean} [weights]
 *
 * @typedef {Object} Planner
 * @property {string} id
 * @property {string} doc
 * @property {string[]} modes
 * @property {string[]} tastes
 *
 * @typedef {Object} Schema
 * @property {string} version
 * @property {Plugin[]} ops in chain order
 * @property {Plugin[]} areas
 * @property {string[]} groups
 * @property {Planner[]} planners
 * @property {string} default_planner
 * @property {{angle: [number, number], perspective: Record<string, [number, number]>}} frame the ranges of its numbers
 * @property {string[]} formats suffixes, and `sheet`
 * @property {Record<string, string>} controls the modules of plug-ins' own controls, by slot or kind
 * @property {{id: string, reason: string}[]} broken
 *
 * @typedef {Object} Edit
 * @property {number} version
 * @property {string} [from]
 * @property {Record<string, any>} params
 *
 * @typedef {{id: string, version: number, from?: string, params?: Record<string, any>, combine?: string,
 *   invert?: boolean}} Part
 * @typedef {{name: string, area?: Part[], edits: Record<string, Edit>, strength?: number}} Local
 * @typedef {{problem?: string, plan?: string}} Thought
 *
 * @typedef {Object} Plan
 * @property {string} schema
 * @property {string} mode
 * @property {string} [prompt]
 * @property {string} [taste]
 * @property {number} [strength]
 * @property {{id: string, version: string}} [planner]
 * @property {string[]} [groups]
 * @property {Record<string, Edit>} edits
 * @property {Local[]} [local]
 * @property {Frame} [frame]
 * @property {Record<string, Thought>} [reasoning]
 *
 * @typedef {Object} Frame what of a photo is seen, as core/photo/geometry/framing.py has it
 * @property {[number, number, number, number]} [crop] left, top, right and bottom edge, in shares
 * @property {number} [angle] degrees clockwise
 * @property {"none"|"horizontal"|"vertical"|"both"} [flip]
 * @property {Record<string, number>} [perspective]
 * @property {any} [lens] carried along as it is
 * @property {number} [quarter_turns] how often it is turned clockwise by 90 degrees before all this
 *
 * @typedef {{id: string, name: string, edited: boolean, revision: number}} Listed
 *
 * @typedef {Object} PhotoState
 * @property {string} id
 * @property {string} name
 * @property {number} width
 * @property {number} height
 * @property {number} depth
 * @property {string} space
 * @property {string} frame what of it is seen, as JSON; empty for all of it. Width and height are of what is seen.
 * @property {{width: number, height: number}} whole the size without any frame
 * @property {number} revision
 * @property {Plan|null} plan
 * @property {boolean} can_undo
 * @property {boolean} can_redo
 * @property {string} [undo_name]
 * @property {string} [redo_name]
 *
 * @typedef {{width: number, height: number, format: string, data: ArrayBuffer}} PixelBytes
 * @typedef {{points: number, draft: boolean, data: ArrayBuffer}} TableBytes
 * @typedef {{x: number, y: number, width: number, height: number}} Rect in pixels of the full-size photo
 */

export {};
