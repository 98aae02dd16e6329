import { html } from "../vendor/lit.js";
import { named, t } from "../core/texts.js";
import { scalar, shown, stepOf, typed } from "../core/units.js";
import { reset } from "./discrete.js";
import { fieldText } from "./field.js";
import { Control } from "./scalar.js";

const CHANNELS = ["red", "green", "blue"];

/** A matrix of numbers that are typed, or moved by the arrow keys. */
export class Matrix extends Control {
  render() {
    const { id, label, slot, value, rest, changed, lit } = this.binding;
    const rows = /** @type {number[][]} */ (value ?? rest);
    const step = stepOf(scalar(slot.low), scalar(slot.high));
    const name = (/** @type {number} */ i, /** @type {number} */ n) => (n === 3 ? named("band", CHANNELS[i]) : i + 1);
    return html`<fieldset class="matrix ${changed ? "changed" : ""} ${lit ? "lit" : ""}">
      <legend title=${slot.doc}>
        <span>${label}</span>
        ${reset(this.binding)}
      </legend>
      <table>
        <thead>
          <tr>
            <td></td>
            ${rows[0].map((_, column) => html`<th scope="col">${name(column, rows[0].length)}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            (row, y) => html`<tr>
              <th scope="row">${name(y, rows.length)}</th>
              ${row.map(
                (number, x) => html`<td>
                  <input
                    id="${id}.${y}.${x}"
                    type="text"
                    inputmode="decimal"
                    autocomplete="off"
                    aria-label=${t("matrix.cell", { to: name(y, rows.length), from: name(x, row.length) })}
                    .value=${fieldText(shown(slot, number, step))}
                    @change=${(/** @type {Event} */ event) => this.#type(event, y, x)}
                    @keydown=${(/** @type {KeyboardEvent} */ event) => this.#key(event, y, x, step)}
                  />
                </td>`,
              )}
            </tr>`,
          )}
        </tbody>
      </table>
    </fieldset>`;
  }

  /** @param {number} y @param {number} x @param {number} number @param {"keys"|"done"} how */
  #set(y, x, number, how) {
    const { slot, value, rest, set } = this.binding;
    const rows = /** @type {number[][]} */ (value ?? rest);
    const place = y * rows[0].length + x;
    const kept = Math.min(scalar(slot.high, place), Math.max(scalar(slot.low, place), number));
    set(rows.map((row, j) => row.map((each, i) => (j === y && i === x ? kept : each))), how);
  }

  /** @param {Event} event @param {number} y @param {number} x */
  #type(event, y, x) {
    const number = typed(this.binding.slot, /** @type {HTMLInputElement} */ (event.target).value);
    if (number !== null) this.#set(y, x, number, "done");
    this.requestUpdate();
  }

  /** @param {KeyboardEvent} event @param {number} y @param {number} x @param {number} step */
  #key(event, y, x, step) {
    const way = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (!way) return;
    event.preventDefault();
    const rows = /** @type {number[][]} */ (this.binding.value);
    this.#set(y, x, Number((rows[y][x] + way * step * (event.shiftKey ? 10 : 1)).toPrecision(10)), "keys");
  }
}
customElements.define("studio-matrix", Matrix);
