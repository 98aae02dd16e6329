import { html } from "../vendor/lit.js";
import * as api from "../core/api.js";
import {
  ASPECTS,
  flipped,
  frameOf,
  proportioned,
  quartered,
  ratioOf,
  setFrame,
  wholeFrame,
  withShownCrop,
} from "../tools/cropping.js";
import { PERSPECTIVE, placed, sides, tidy } from "../tools/framing.js";
import { letGo, Part } from "../core/part.js";
import { same } from "../core/plan.js";
import { named, t } from "../core/texts.js";
import "../controls/slider.js";

/** @import {Frame} from "../core/types.js" */

const AXIS = { horizontal: "vertical", vertical: "horizontal" }; // lucide names flips by the axis

/** The frame in numbers: proportions, angle, flips, perspective. */
export class FramePanel extends Part {
  static properties = { ...Part.properties, working: { state: true } };

  constructor() {
    super();
    this.working = false;
    /** Whether the perspective is shown; undefined until somebody said so. @type {boolean|undefined} */
    this.unfolded = undefined;
  }

  render() {
    const { store } = this;
    const { photo } = store;
    if (!photo) return html``;
    const frame = frameOf(store);
    const { size } = placed(frame, photo.whole);
    this.unfolded ??= frame.perspective ? true : undefined;
    const flip = (/** @type {"horizontal"|"vertical"} */ way) => html`<button
      aria-pressed=${frame.flip === way || frame.flip === "both"}
      aria-label=${t(`frame.flip.${way}`)}
      title=${t(`frame.flip.${way}`)}
      @click=${() => this.#set(flipped(frame, way), t(`frame.flip.${way}`))}
    >
      <i class="icon icon-flip-${AXIS[way]}-2"></i>
    </button>`;
    const quarter = (/** @type {1|-1} */ way, /** @type {string} */ name) => html`<button
      aria-label=${t(`frame.${name}`)}
      title=${t(`frame.${name}`)}
      @click=${() => this.#quarter(way, t(`frame.${name}`))}
    >
      <i class="icon icon-rotate-${name}-square"></i>
    </button>`;
    return html`<div class="framing" @click=${letGo}>
      <div class="line">
        <label class="field"
          ><span>${t("frame.proportions")}</span>
          <select @change=${(/** @type {any} */ event) => this.#aspect(event.target.value)}>
            ${ASPECTS.map((each) => {
              const chosen = each === store.cropping.aspect;
              return html`<option value=${each} ?selected=${chosen}>${named("aspect", each)}</option>`;
            })}
          </select></label
        >
      </div>
      <div class="line">${quarter(-1, "ccw")} ${quarter(1, "cw")} ${flip("horizontal")} ${flip("vertical")}</div>
      <p class="said" role="status">${t("frame.size", size)}</p>
      <studio-slider .of=${this.#angle(frame)}></studio-slider>
      <div class="line">
        <button aria-pressed=${store.cropping.line} title=${t("frame.straighten.title")} @click=${this.#ruler}>
          <i class="icon icon-ruler"></i>${t("frame.straighten")}
        </button>
        <button ?disabled=${this.working} title=${t("frame.level.title")} @click=${this.#level}>
          ${this.working ? t("planning.working") : t("frame.level")}
        </button>
      </div>
      <details class="more" ?open=${this.unfolded} @toggle=${this.#unfold}>
        <summary>${t("frame.perspective")}</summary>
        ${Object.keys(PERSPECTIVE).map(
          (name) => html`<studio-slider .of=${this.#perspective(frame, name)}></studio-slider>`,
        )}
      </details>
      <button class="wide" ?disabled=${same(tidy(frame), wholeFrame(frame))} @click=${this.#reset}>
        <i class="icon icon-rotate-ccw"></i>${t("frame.reset")}
      </button>
      <div class="line ends">
        <button class="primary" @click=${() => this.#leave("apply")}>${t("frame.apply")}</button>
        <button @click=${() => this.#leave("cancel")}>${t("cancel")}</button>
      </div>
      <p class="said">${t("frame.hint")}</p>
    </div>`;
  }

  /** @param {Frame} frame @param {string} name @param {import("../core/bindings.js").How} [how] */
  #set(frame, name, how = "done") {
    setFrame(this.store, frame, name, how);
  }

  /** @param {Frame} frame @returns {import("../controls/slider.js").Slid} */
  #angle(frame) {
    const [low, high] = this.store.schema.frame.angle;
    return this.#slid("angle", frame.angle ?? 0, 0, low, high, 0.05, "°", (angle) => ({ ...frame, angle }));
  }

  /** @param {Frame} frame @param {string} name */
  #perspective(frame, name) {
    const [low, high] = this.store.schema.frame.perspective[name];
    const rest = PERSPECTIVE[/** @type {"scale"} */ (name)];
    const sign = name === "rotate" ? "°" : name === "scale" ? "%" : "";
    return this.#slid(
      name,
      frame.perspective?.[name] ?? rest,
      rest,
      low,
      high,
      name === "rotate" ? 0.05 : 1,
      sign,
      (value) => ({
        ...frame,
        perspective: { ...frame.perspective, [name]: value },
      }),
    );
  }

  /**
   * @param {string} name @param {number} value @param {number} rest @param {number} low @param {number} high
   * @param {number} step @param {string} sign @param {(value: number) => Frame} made
   * @returns {import("../controls/slider.js").Slid}
   */
  #slid(name, value, rest, low, high, step, sign, made) {
    const label = t(`frame.${name}`);
    const number = (/** @type {string} */ text) => parseFloat(text.replace("−", "-").replace(",", "."));
    return {
      id: `frame-${name}`,
      label,
      doc: t(`frame.${name}.doc`),
      value,
      rest,
      low,
      high,
      step,
      changed: value !== rest,
      sign,
      shown: (each) => (step < 1 ? each.toFixed(2) : String(Math.round(each))).replace("-", "−"),
      typed: (text) => (Number.isFinite(number(text)) ? number(text) : null),
      set: (next, how) => this.#set(made(next ?? rest), t("step.frame", { name: label }), how),
    };
  }

  /** @param {string} aspect */
  #aspect(aspect) {
    const { store } = this;
    store.cropping.aspect = aspect;
    const { whole } = /** @type {import("../core/types.js").PhotoState} */ (store.photo);
    const frame = frameOf(store);
    const ratio = ratioOf(aspect, sides(frame, whole));
    if (ratio === null) return store.tell();
    return this.#set(
      withShownCrop(frame, proportioned(frame, whole, ratio), whole),
      t("step.aspect", { name: named("aspect", aspect) }),
    );
  }

  /** @param {1|-1} way @param {string} name */
  #quarter(way, name) {
    const { cropping } = this.store;
    const turned = cropping.aspect.split(":").reverse().join(":");
    cropping.aspect = ASPECTS.includes(turned) ? turned : "free";
    this.#set(quartered(frameOf(this.store), way), name);
  }

  /** @param {Event} event */
  #unfold(event) {
    this.unfolded = /** @type {HTMLDetailsElement} */ (event.target).open;
  }

  #reset() {
    this.#set(wholeFrame(frameOf(this.store)) ?? {}, t("frame.reset"));
  }

  #ruler() {
    this.store.cropping.line = !this.store.cropping.line;
    this.store.tell();
  }

  async #level() {
    const { store } = this;
    const { photo } = store;
    if (!photo || this.working) return;
    this.working = true;
    try {
      const { lens, perspective, quarter_turns } = frameOf(store);
      const found = await api.level(photo.id, tidy({ lens, perspective, quarter_turns }));
      if (store.photo?.id === photo.id && store.tool === "frame") {
        store.announce([found.problem, found.plan].filter(Boolean).join(" "), true);
        if (found.angle) this.#set({ ...frameOf(store), angle: found.angle }, t("frame.level"));
      }
    } catch (error) {
      store.report(error);
    }
    this.working = false;
  }

  /** @param {"apply"|"cancel"} how */
  #leave(how) {
    this.dispatchEvent(new CustomEvent("framed", { detail: how, bubbles: true }));
  }
}
customElements.define("studio-framing", FramePanel);
