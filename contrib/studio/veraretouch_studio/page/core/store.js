/**
 * The photo that is open, its plan, and what happens to both. Changes are shown at once and saved one step a drag; the
 * server's revision says whether somebody else was quicker.
 */

import * as api from "./api.js";
import { t } from "./texts.js";
import { isEdited, same } from "./plan.js";

/** @import {Schema, PhotoState, Plan, Listed} from "./types.js" */

const PAUSE = 600; // milliseconds without a key after which what keys have moved is one step
const RETRY = 1500; // milliseconds until a save that did not get through is tried again

export class Store extends EventTarget {
  /** @param {Schema} schema */
  constructor(schema) {
    super();
    this.schema = schema;
    /** @type {Listed[]} */
    this.photos = [];
    /** The ids of the photos that are selected on the grid. @type {Set<string>} */
    this.selected = new Set();
    /** What was said of the sidecars, so that it is said once. */
    this.said = "";
    /** @type {PhotoState|null} */
    this.photo = null;
    /** The plan that is shown, ahead of the one that is saved. @type {Plan|null} */
    this.plan = null;
    /** Whether a control is being moved: the picture may be a draft. */
    this.dragging = false;
    /** The group whose slots light up, since a line of reasoning is looked at. @type {string|null} */
    this.lit = null;
    /** The local adjustment whose handles are shown. @type {string|null} */
    this.area = null;
    /** What the pointer does on the picture: look around where empty, paint, erase, or frame. */
    this.tool = "";
    /** How the crop is dragged: in which proportions, and whether a line is drawn that is to be level. */
    this.cropping = { aspect: "free", line: false };
    /** The frame while it is dragged. @type {import("./types.js").Frame|null} */
    this.draft = null;
    /** The frame when the tool was opened. @type {import("./types.js").Frame|undefined} */
    this.framed = undefined;
    /** What another tab has saved in the meantime. @type {{revision: number, plan: Plan|null}|null} */
    this.conflict = null;
    /** Steps that are not saved yet. @type {{plan: Plan|null, name: string}[]} */
    this.unsaved = [];
    this.saving = false;
    /** The undoing and redoing under way. @type {Promise<void>} */
    this.stepping = Promise.resolve();
    this.problem = "";
    /** What keys have moved and is not a step yet. @type {{name: string, timer: number}|null} */
    this.pending = null;
  }

  /** Tell whoever shows the state. @param {string} [what] "plan" where the picture changes */
  tell(what = "state") {
    this.dispatchEvent(new CustomEvent("change", { detail: what }));
  }

  /** Words for people who listen, and for everybody where `shown`. @param {string} text @param {boolean} [shown] */
  announce(text, shown = false) {
    this.dispatchEvent(new CustomEvent("announce", { detail: { text, shown } }));
  }

  /** @param {string} tool */
  setTool(tool) {
    if (tool === this.tool) return;
    const framing = this.tool === "frame";
    this.tool = tool;
    this.draft = null;
    this.cropping = { aspect: "free", line: false };
    if (tool === "frame") {
      this.area = null;
      this.framed = this.plan?.frame;
      this.dispatchEvent(new Event("open")); // all of the photo is shown
    }
    this.tell();
    if (framing) void this.#leftFrame().catch((error) => this.report(error));
  }

  /** Show what the frame shows. */
  async #leftFrame() {
    await this.settled();
    if (this.tool !== "frame" && this.photo) await this.open(this.photo.id);
  }

  async list() {
    this.photos = await api.photos();
    this.tell();
  }

  /** @param {string[]} ids */
  select(ids) {
    this.selected = new Set(ids);
    this.tell();
  }

  /** The photos that are selected, but for the one that is open. */
  get others() {
    return this.photos.map(({ id }) => id).filter((id) => this.selected.has(id) && id !== this.photo?.id);
  }

  /** @param {string} id */
  async open(id) {
    await this.settled();
    await this.#load(id);
  }

  /** @param {string} id */
  async #load(id) {
    const photo = await api.photo(id);
    this.conflict = null;
    this.unsaved = [];
    this.area = null;
    if (this.tool !== "frame") this.tool = "";
    this.draft = null;
    this.framed = photo.plan?.frame;
    this.lit = null;
    this.#take(photo);
    this.dispatchEvent(new Event("open"));
  }

  /** @param {PhotoState} photo */
  #take(photo) {
    this.photo = photo;
    this.plan = photo.plan;
    this.#keepArea();
    this.#mark(photo);
    this.tell("plan");
  }

  /** @param {{revision: number, plan?: Plan|null, edited?: boolean}} photo */
  #mark({ revision }) {
    const id = this.photo?.id;
    const edited = isEdited(this.photo?.plan);
    this.photos = this.photos.map((each) => (each.id === id ? { ...each, revision, edited } : each));
  }

  /** An area that the plan has no more is not open any more. */
  #keepArea() {
    if (!this.plan?.local?.some(({ name }) => name === this.area)) this.area = null;
  }

  /**
   * Show another plan. It is saved as one step once a drag is over, or no key was pressed for a while.
   * @param {Plan|null} plan @param {string} name what the step is called in the history
   * @param {"drag"|"keys"|"done"} [how]
   */
  change(plan, name, how = "done") {
    if (!this.photo) return;
    if (this.pending && this.pending.name !== name) this.flush();
    clearTimeout(this.pending?.timer);
    this.pending = null;
    this.dragging = how === "drag";
    this.plan = plan;
    this.#keepArea();
    if (how === "done") this.#queue(plan, name);
    if (how === "keys") this.pending = { name, timer: window.setTimeout(() => this.flush(), PAUSE) };
    this.tell("plan");
  }

  /** Save what keys have changed. */
  flush() {
    if (!this.pending) return;
    clearTimeout(this.pending.timer);
    const { name } = this.pending;
    this.pending = null;
    this.#queue(this.plan, name);
  }

  /** @param {Plan|null} plan @param {string} name */
  #queue(plan, name) {
    const last = this.unsaved.at(-1)?.plan ?? this.photo?.plan ?? null;
    if (same(last, plan)) return;
    this.unsaved.push({ plan, name });
    void this.#save();
  }

  async #save() {
    if (this.saving || this.conflict) return;
    this.saving = true;
    while (this.unsaved.length && this.photo && !this.conflict) {
      const { plan, name } = this.unsaved[0];
      const { id, revision } = this.photo;
      try {
        const answer = await api.saveEdits(id, revision, plan, name);
        const photo = { ...this.photo, ...answer, id, plan };
        this.photo = photo;
        this.unsaved.shift();
        this.problem = "";
        this.#mark(photo);
        this.#say(answer.said ?? []);
        this.tell();
      } catch (error) {
        if (!(await this.#mended(error))) break;
      }
    }
    this.saving = false;
    this.dispatchEvent(new Event("saved"));
    await this.#reframed();
  }

  /** Say what has to be said of a photo's sidecars, once. @param {string[]} said */
  #say(said) {
    const text = said.join(" ");
    if (text && text !== this.said) this.announce(text, true);
    this.said = text;
  }

  /** Open the photo anew where its plan has another frame: its size is that of what is seen. */
  async #reframed() {
    const { photo } = this;
    if (!photo || this.saving || this.conflict || this.unsaved.length || this.tool === "frame") return;
    if (!same(photo.plan?.frame ?? null, photo.frame ? JSON.parse(photo.frame) : null)) {
      await this.#saved();
      await this.#load(photo.id);
    }
  }

  /** @param {unknown} error @returns {Promise<boolean>} whether to go on saving */
  async #mended(error) {
    if (error instanceof api.Refused && error.status === 409) {
      if (same(error.body.plan, this.unsaved[0]?.plan)) return this.#heard(error.body);
      this.conflict = { revision: error.body.revision, plan: error.body.plan };
      this.tell();
      return false;
    }
    const closed = error instanceof api.Refused && (error.status === 401 || error.status === 403);
    if (error instanceof api.Refused && error.status !== 429 && error.status < 500 && !closed) {
      this.unsaved.shift();
      this.plan = this.unsaved.at(-1)?.plan ?? this.photo?.plan ?? null;
      this.announce(error.message, true);
      this.tell("plan");
      return true;
    }
    this.problem = t(closed ? "save.closed" : "save.retry");
    this.tell();
    await new Promise((resolve) => setTimeout(resolve, RETRY));
    return true;
  }

  /** A step was written down whose answer did not get through. @param {any} facts @returns {boolean} */
  #heard({ error: _, kind: __, ...facts }) {
    this.photo = { .../** @type {PhotoState} */ (this.photo), ...facts };
    this.unsaved.shift();
    this.problem = "";
    this.#mark(facts);
    this.tell();
    return true;
  }

  /** Wait until every step is saved, and every undoing and redoing done. */
  async settled() {
    for (let last; last !== this.stepping; ) {
      last = this.stepping;
      await last;
    }
    await this.#saved();
  }

  async #saved() {
    this.flush();
    while (this.saving && !this.conflict) {
      await new Promise((resolve) => this.addEventListener("saved", resolve, { once: true }));
    }
  }

  /**
   * Both tabs' work stays in the history: this tab's steps are saved over the other's, and undone again where the
   * other's are wanted.
   * @param {boolean} mine whether this tab's plan is to be shown
   */
  async settle(mine) {
    if (!this.conflict || !this.photo) return;
    this.photo = { ...this.photo, revision: this.conflict.revision, plan: this.conflict.plan };
    this.conflict = null;
    this.tell();
    if (!mine) this.unsaved = this.unsaved.slice(-1);
    await this.#save();
    if (!mine && !this.conflict) await this.step("undo");
  }

  /** Steps that are asked for at once go one after the other. @param {"undo"|"redo"} way @returns {Promise<void>} */
  step(way) {
    this.stepping = this.stepping.then(() => this.#step(way));
    return this.stepping;
  }

  /** @param {"undo"|"redo"} way */
  async #step(way) {
    await this.#saved();
    const { photo } = this;
    if (!photo || this.conflict || !(way === "undo" ? photo.can_undo : photo.can_redo)) return;
    const name = way === "undo" ? photo.undo_name : photo.redo_name;
    try {
      this.#take({ ...photo, ...(await api.step(photo.id, photo.revision, way)) });
      this.announce(t(`${way}.done`, { name }), true);
      await this.#reframed();
    } catch (error) {
      if (error instanceof api.Refused && error.status === 409) {
        this.#take(await api.photo(photo.id));
        this.announce(t("conflict.reloaded"), true);
      } else this.report(error);
    }
  }

  /** Show what went wrong, in the server's words where it said some. @param {unknown} error */
  report(error) {
    if (error instanceof DOMException && error.name === "AbortError") return;
    const text = error instanceof TypeError ? t("server.gone") : error instanceof Error ? error.message : String(error);
    this.announce(text, true);
  }
}
