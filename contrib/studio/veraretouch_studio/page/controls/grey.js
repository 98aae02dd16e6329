import { html } from "../vendor/lit.js";
import { greysOf, readGreys, valueOfGreys } from "../tools/greys.js";
import { t } from "../core/texts.js";
import { reset } from "./discrete.js";
import { Control } from "./scalar.js";

/** A grey picture: shown small, and loaded from a PNG that is chosen or dropped. */
export class Grey extends Control {
  static properties = { ...Control.properties, wrong: { state: true }, over: { state: true } };

  constructor() {
    super();
    this.wrong = "";
    this.over = false;
    /** The value that the small picture shows. @type {any} */
    this.drawn = undefined;
  }

  render() {
    const { id, label, slot, value, changed, lit } = this.binding;
    const { width, height } = greysOf(value);
    return html`<div
      class="grey ${changed ? "changed" : ""} ${lit ? "lit" : ""} ${this.over ? "over" : ""}"
      @dragover=${this.#over}
      @dragleave=${() => (this.over = false)}
      @drop=${this.#drop}
    >
      <div class="row plain">
        <span class="name" title=${slot.doc}>${label}</span>
        <span class="value">${changed ? t("grey.size", { width, height }) : t("summary.rest")}</span>
        ${reset(this.binding)}
      </div>
      <canvas ?hidden=${!changed} role="img" aria-label=${t("grey.label", { label })}></canvas>
      <label class="button" for=${id}
        >${t("grey.choose")}
        <input
          class="hidden"
          id=${id}
          type="file"
          accept="image/png,.png"
          aria-description=${slot.doc}
          @change=${this.#pick}
      /></label>
      ${this.wrong ? html`<p class="wrong" role="alert">${this.wrong}</p>` : ""}
    </div>`;
  }

  updated() {
    const { value, changed } = this.binding;
    if (!changed || value === this.drawn) return;
    this.drawn = value;
    const { width, height, data } = greysOf(value);
    const canvas = /** @type {HTMLCanvasElement} */ (this.querySelector("canvas"));
    [canvas.width, canvas.height] = [width, height];
    const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    const image = context.createImageData(width, height);
    data.forEach((grey, i) => image.data.set([grey, grey, grey, 255], 4 * i));
    context.putImageData(image, 0, 0);
  }

  /** @param {Event} event */
  async #pick(event) {
    const input = /** @type {HTMLInputElement} */ (event.target);
    const [file] = input.files ?? [];
    if (file) await this.#take(file);
    input.value = "";
  }

  /** @param {DragEvent} event */
  #over(event) {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    event.stopPropagation(); // else it would be taken for a photo
    this.over = true;
  }

  /** @param {DragEvent} event */
  #drop(event) {
    const [file] = event.dataTransfer?.files ?? [];
    if (!file) return;
    event.preventDefault();
    event.stopPropagation();
    this.over = false;
    void this.#take(file);
  }

  /** @param {File} file */
  async #take(file) {
    const { set } = this.binding;
    try {
      this.wrong = "";
      set(valueOfGreys(await readGreys(file)), "done");
    } catch (error) {
      this.wrong = error instanceof Error ? error.message : String(error);
    }
  }
}
customElements.define("studio-grey", Grey);
