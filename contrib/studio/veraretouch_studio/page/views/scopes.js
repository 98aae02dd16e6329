import { html } from "../vendor/lit.js";
import { Part } from "../core/part.js";
import { t } from "../core/texts.js";
import { heights, LEVELS, measured } from "../picture/measure.js";

const INKS = ["rgb(235 87 87)", "rgb(88 196 110)", "rgb(92 142 245)"];
const SHOWN = "studio.scope";

/** Histogram or RGB parade of what is shown, the shares that are clipped, and the colour under the pointer. */
export class Scopes extends Part {
  static properties = { ...Part.properties, clipping: { type: Boolean }, colour: { attribute: false }, space: {} };

  constructor() {
    super();
    this.clipping = false;
    /** @type {{x: number, y: number, after: Uint8Array}|null} */
    this.colour = null;
    this.space = "";
    this.scope = localStorage.getItem(SHOWN) ?? "histogram";
  }

  connectedCallback() {
    super.connectedCallback();
    measured.addEventListener("change", this.redraw);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    measured.removeEventListener("change", this.redraw);
  }

  render() {
    const { photo } = this.store;
    const { dark = 0, light = 0 } = measured.last?.clipped ?? {};
    const percent = (/** @type {number} */ share) => (share > 0 && share < 0.001 ? "<0.1" : (100 * share).toFixed(1));
    const words = t("clipping.words", { dark: percent(dark), light: percent(light) });
    const rgb = this.colour ? [...this.colour.after] : null;
    return html`<div class="scopes">
      <canvas class="scope" width="592" height="192" role="img" aria-label=${`${t(`scope.${this.scope}`)}. ${words}`}></canvas>
      <div class="scope-line">
        <span class="readout">${rgb ? readout(rgb) : photo ? factsOf(photo, this.space) : ""}</span>
        <button class="quiet" aria-pressed=${this.clipping} title=${`${t("clipping")} (J). ${words}`} aria-label=${t("clipping")}
          @click=${() => this.dispatchEvent(new CustomEvent("clipping", { bubbles: true }))}>
          <i class="icon icon-triangle-alert"></i>
        </button>
        <button class="quiet" aria-pressed=${this.scope === "parade"} title=${t("scope.toggle")} aria-label=${t("scope.toggle")}
          @click=${this.#toggle}>
          <i class="icon icon-chart-area"></i>
        </button>
      </div>
    </div>`;
  }

  updated() {
    this.#draw();
  }

  #toggle() {
    this.scope = this.scope === "parade" ? "histogram" : "parade";
    localStorage.setItem(SHOWN, this.scope);
    this.requestUpdate();
  }

  #draw() {
    const canvas = this.querySelector("canvas");
    const found = measured.last;
    const context = canvas?.getContext("2d");
    if (!canvas || !context) return;
    context.clearRect(0, 0, canvas.width, canvas.height);
    if (!found) return;
    context.globalCompositeOperation = "screen";
    if (this.scope === "parade") parade(context, found);
    else histogram(context, found);
    context.globalCompositeOperation = "source-over";
  }
}
customElements.define("studio-scopes", Scopes);

/** @param {CanvasRenderingContext2D} context @param {import("../picture/measure.js").Measure} found */
function histogram(context, found) {
  const { width, height } = context.canvas;
  found.histograms.slice(0, 3).forEach((counts, channel) => {
    context.fillStyle = INKS[channel];
    context.globalAlpha = 0.75;
    context.beginPath();
    context.moveTo(0, height);
    heights(counts).forEach((share, i) => context.lineTo((i * width) / 255, height * (1 - 0.96 * share)));
    context.lineTo(width, height);
    context.fill();
  });
  context.globalAlpha = 1;
}

/** @param {CanvasRenderingContext2D} context @param {import("../picture/measure.js").Measure} found */
function parade(context, found) {
  const { width, height } = context.canvas;
  const wide = width / 3 / found.columns;
  const high = height / LEVELS;
  found.parade.forEach((counts, channel) => {
    const most = Math.max(1, ...counts) / 3;
    context.fillStyle = INKS[channel];
    for (let column = 0; column < found.columns; column += 1) {
      for (let level = 0; level < LEVELS; level += 1) {
        const count = counts[column * LEVELS + level];
        if (!count) continue;
        context.globalAlpha = Math.min(1, 0.15 + count / most);
        const x = (channel * width) / 3 + column * wide;
        context.fillRect(x, height - (level + 1) * high, Math.max(1, wide - (wide > 3 ? 1 : 0)), high);
      }
    }
  });
  context.globalAlpha = 1;
}

/** @param {number[]} rgb */
function readout(rgb) {
  const luma = Math.round((0.2126 * rgb[0] + 0.7152 * rgb[1] + 0.0722 * rgb[2]) / 2.55);
  return html`<span class="channel">R ${rgb[0]}</span><span class="channel">G ${rgb[1]}</span
    ><span class="channel">B ${rgb[2]}</span><span class="channel">${luma} %</span>`;
}

/** @param {import("../core/types.js").PhotoState} photo @param {string} space */
function factsOf(photo, space) {
  const shown = space === "p3" ? "Display P3" : "sRGB";
  return html`<span title=${t("space.title", { photo: photo.space, shown })}
    >${photo.width} × ${photo.height} · ${t("bits", { n: photo.depth })} · ${photo.space === shown ? shown : `${photo.space} → ${shown}`}</span
  >`;
}
