import { html } from "../vendor/lit.js";
import { emptyPlan, same } from "../core/plan.js";
import { Part } from "../core/part.js";
import { counted, named, t } from "../core/texts.js";
import { setFrame } from "../tools/cropping.js";
import { BRUSH } from "../tools/strokes.js";
import { strengthOf } from "./areas.js";
import "../controls/wheel.js";
import "../picture/stage.js";
import "./areas.js";
import "./filmstrip.js";
import "./framing.js";
import "./history.js";
import "./planning.js";
import "./reasoning.js";
import "./scopes.js";
import "./sliders.js";

const TABS = ["edit", "crop", "areas", "history"];

/** One photo: the picture, its tools, the panel of controls and the strip of photos. */
export class EditPage extends Part {
  static properties = {
    ...Part.properties,
    tab: { state: true },
    compare: { state: true },
    clipping: { state: true },
    mask: { state: true },
    colour: { state: true },
    space: { state: true },
  };

  constructor() {
    super();
    this.tab = "edit";
    this.compare = "off";
    this.clipping = false;
    this.mask = false;
    /** @type {any} */
    this.colour = null;
    this.space = "";
    /** The area whose mask is shown since nothing is done there yet that could be seen. @type {string|null} */
    this.bare = null;
    /** The tab that the crop was opened from. */
    this.back = "edit";
    this.changed = () => this.#bareMask();
  }

  connectedCallback() {
    super.connectedCallback();
    this.store.addEventListener("change", this.changed);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.store.removeEventListener("change", this.changed);
    this.store.tool = "";
  }

  /** @returns {import("../picture/stage.js").Stage} */
  get stage() {
    return /** @type {any} */ (this.querySelector("studio-stage"));
  }

  /** @returns {import("./planning.js").Planning} */
  get planning() {
    return /** @type {any} */ (this.querySelector("studio-planning"));
  }

  render() {
    const { store } = this;
    return html`<div
      class="edit"
      @colour=${(/** @type {any} */ event) => (this.colour = event.detail)}
      @space=${(/** @type {any} */ event) => (this.space = event.detail)}
      @viewport=${() => this.requestUpdate()}
      @pair=${this.#pair}
      @reveal=${this.#reveal}
      @clipping=${() => this.setClipping(!this.clipping)}
      @mask=${() => this.setMask(!this.mask)}
      @framed=${(/** @type {any} */ event) => this.endFrame(event.detail === "apply")}
    >
      <div class="work">
        <studio-stage .store=${store} .handles=${this.tab === "areas"}></studio-stage>
        ${this.#tools()}
        <studio-filmstrip .store=${store}></studio-filmstrip>
      </div>
      <aside class="panel" aria-label=${t("panel")}>
        <studio-scopes .store=${store} .clipping=${this.clipping} .colour=${this.colour} .space=${this.space}></studio-scopes>
        <div class="tabs" role="tablist" @keydown=${this.#tabKey}>
          ${TABS.map(
            (tab) => html`<button
              role="tab"
              id="tab-${tab}"
              aria-controls="tabpanel"
              aria-selected=${tab === this.tab}
              tabindex=${tab === this.tab ? 0 : -1}
              @click=${() => this.go(tab)}
            >
              ${t(`tab.${tab}`)}
            </button>`,
          )}
        </div>
        <div class="tabpanel" id="tabpanel" role="tabpanel" aria-labelledby="tab-${this.tab}" tabindex="-1">
          <div ?hidden=${this.tab !== "edit"}>
            <studio-planning .store=${store}></studio-planning>
            <studio-reasoning .store=${store}></studio-reasoning>
            <div class="whole">
              <studio-slider
                .of=${strengthOf("strength", store.plan?.strength ?? 1, (value, how) =>
                  store.change({ ...(store.plan ?? emptyPlan()), strength: value ?? 1 }, t("strength"), how))}
              ></studio-slider>
            </div>
            <studio-sliders .store=${store}></studio-sliders>
            ${store.others.length
              ? html`<button class="wide" ?disabled=${store.plan === null} title=${t("pasting.open.title")} @click=${this.pasteSome}>
                  <i class="icon icon-clipboard-paste"></i>${counted("pasting.open", store.others.length)}
                </button>`
              : ""}
            <button class="wide" ?disabled=${store.plan === null} @click=${() => store.change(null, t("step.reset.all"))}>
              <i class="icon icon-rotate-ccw"></i>${t("reset.everything")}
            </button>
          </div>
          ${this.tab === "crop" ? html`<studio-framing .store=${store}></studio-framing>` : ""}
          ${this.tab === "areas" ? html`<studio-areas .store=${store} .mask=${this.mask}></studio-areas>` : ""}
          ${this.tab === "history" ? html`<studio-history .store=${store}></studio-history>` : ""}
        </div>
      </aside>
    </div>`;
  }

  #tools() {
    const viewport = this.stage?.viewport;
    const percent = viewport ? Math.round(100 * viewport.scale) : 100;
    const choice = (/** @type {string} */ compare, /** @type {string} */ icon) => html`<button
      class="quiet"
      ?disabled=${this.tab === "crop"}
      aria-pressed=${this.compare === compare}
      aria-label=${t(`compare.${compare}`)}
      title=${t(`compare.${compare}`)}
      @click=${() => this.setCompare(this.compare === compare ? "off" : compare)}
    >
      <i class="icon icon-${icon}"></i>
    </button>`;
    return html`<div class="tools" role="toolbar" aria-label=${t("tools")}>
      ${choice("split", "square-split-horizontal")} ${choice("side", "columns-2")}
      <button
        class="quiet"
        aria-label=${t("hold")}
        title=${t("hold")}
        @pointerdown=${() => this.stage.hold(true)}
        @pointerup=${() => this.stage.hold(false)}
        @pointerleave=${() => this.stage.hold(false)}
        @keydown=${(/** @type {KeyboardEvent} */ event) => /^[ ]$|Enter/.test(event.key) && this.stage.hold(true)}
        @keyup=${() => this.stage.hold(false)}
        @blur=${() => this.stage.hold(false)}
      >
        <i class="icon icon-eye"></i>
      </button>
      <button class="quiet" aria-pressed=${this.tab === "crop"} aria-label=${t("frame.tool")} title=${t("frame.tool")}
        @click=${() => this.frame()}>
        <i class="icon icon-crop"></i>
      </button>
      <span class="gap"></span>
      <button
        class="quiet text"
        ?disabled=${this.tab === "crop"}
        aria-pressed=${!viewport?.fitted}
        aria-label=${t("zoom.toggle", { percent })}
        title=${t("zoom.toggle", { percent })}
        @click=${() => viewport?.toggle()}
      >
        ${viewport?.fitted ? t("zoom.fit") : `${percent} %`}
      </button>
    </div>`;
  }

  /** Values of this photo for those that are selected: the slot whose control has the focus, or all that are changed. */
  pasteSome = () => {
    const { store } = this;
    if (!store.others.length) return store.announce(t("pasting.nobody"), true);
    const only = /^#([\w.]+?)(?:\.\d+)*$/.exec(document.activeElement?.id ?? "")?.[1] ?? "";
    return this.dispatchEvent(new CustomEvent("paste", { detail: { plan: store.plan, to: store.others, only }, bubbles: true }));
  };

  /** Make the photo look like others. @param {File[]} photos */
  async refer(photos) {
    this.tab = "edit";
    await this.planning.asking.refer(photos);
  }

  /** @param {string} compare */
  setCompare(compare) {
    if (this.tab === "crop" && compare !== "off") return;
    this.compare = compare;
    this.stage.setCompare(compare);
    this.store.announce(t(`compare.${compare}`));
  }

  /** @param {boolean} on */
  setClipping(on) {
    this.clipping = on;
    this.stage.setClipping(on);
    this.store.announce(t(on ? "clipping.on" : "clipping.off"));
  }

  /** @param {boolean} on */
  setMask(on) {
    this.mask = on;
    this.stage.setMask(on);
    this.store.announce(t(on ? "mask.on" : "mask.off"));
  }

  /** While an area that does nothing yet is painted, its mask is shown. */
  #bareMask() {
    const { area, plan, tool } = this.store;
    const edits = plan?.local?.find(({ name }) => name === area)?.edits;
    const bare = edits && !Object.keys(edits).length && (tool === "paint" || tool === "erase") ? area : null;
    if (bare === this.bare) return;
    this.bare = bare;
    if (this.mask !== (bare !== null)) this.setMask(bare !== null);
  }

  /** Open the tool for crop and angle, or leave it with what it did. */
  frame() {
    if (this.tab === "crop") this.endFrame(true);
    else this.go("crop");
  }

  /** Leave the tool for crop and angle. @param {boolean} keeps whether the frame stays as it was made */
  endFrame(keeps) {
    const { store } = this;
    store.flush();
    if (!keeps && !same(store.framed, store.plan?.frame)) {
      setFrame(store, store.framed ?? {}, t("step.frame.back"), "done");
      store.announce(t("frame.back"), true);
    }
    this.go(this.back);
  }

  /** Paint on the area that is open; on a new one where none is. */
  paint() {
    const { store } = this;
    this.go("areas");
    void this.updateComplete.then(() => {
      const areas = /** @type {any} */ (this.querySelector("studio-areas"));
      if (store.area === null) areas.add(BRUSH);
      else store.setTool(store.tool === "" ? "paint" : "");
    });
  }

  /** @param {any} event */
  #pair({ detail }) {
    this.stage.preview(detail?.first);
    this.stage.setOther(detail?.second, detail && [...detail.names].reverse().map((name) => named("planner", name)));
    this.setCompare(detail ? "side" : "off");
  }

  /** @param {any} event */
  #reveal({ detail }) {
    /** @type {any} */ (this.querySelector("studio-sliders")).reveal(detail);
  }

  /** Open a tab, with the tool that belongs to it. @param {string} tab */
  go(tab) {
    const { store } = this;
    if (tab !== "areas" && this.mask) this.setMask(false);
    if (tab === "crop" && this.compare !== "off") this.setCompare("off");
    if (tab !== "areas" || store.tool === "frame") store.setTool(tab === "crop" ? "frame" : "");
    if (this.tab !== "crop") this.back = this.tab;
    this.tab = tab;
  }

  /** @param {KeyboardEvent} event */
  #tabKey(event) {
    const way = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!way) return;
    this.go(TABS[(TABS.indexOf(this.tab) + way + TABS.length) % TABS.length]);
    void this.updateComplete.then(() => /** @type {HTMLElement} */ (this.querySelector("[role=tab][aria-selected=true]")).focus());
  }
}
customElements.define("studio-edit", EditPage);
