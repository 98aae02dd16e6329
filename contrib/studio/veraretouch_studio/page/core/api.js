/** The server's HTTP interface: one function a call. */

/** @import {Schema, PhotoState, Plan, PixelBytes, TableBytes, Listed} from "./types.js" */

/** What the server refused, in its own words. */
export class Refused extends Error {
  /** @param {number} status @param {any} body */
  constructor(status, body) {
    super(body?.error ?? `The server answered ${status}.`);
    this.status = status;
    this.kind = body?.kind ?? "";
    this.body = body;
  }
}

/**
 * @param {string} method @param {string} path
 * @param {{json?: any, body?: BodyInit, headers?: Record<string, string>, signal?: AbortSignal}} [options]
 * @returns {Promise<Response>} an answer from 200 to 299
 */
export async function call(method, path, { json, body, headers = {}, signal } = {}) {
  const sent = json === undefined ? body : JSON.stringify(json);
  if (json !== undefined) headers = { "Content-Type": "application/json", ...headers };
  const answer = await fetch(path, { method, headers, body: sent, signal, credentials: "same-origin" });
  if (answer.ok) return answer;
  let said = null;
  try {
    said = await answer.json();
  } catch {
    said = null; // no JSON: a proxy, or a server that broke off
  }
  throw new Refused(answer.status, said);
}

const get = async (/** @type {string} */ path) => (await call("GET", path)).json();
const send = async (/** @type {string} */ method, /** @type {string} */ path, /** @type {any} */ json) =>
  (await call(method, path, { json })).json();
const of = (/** @type {string} */ id) => `/api/photos/${encodeURIComponent(id)}`;

/** Trade the token of the address for a cookie, once, and take it out of the address. */
export async function openSession() {
  const token = /^#token=(.+)$/.exec(location.hash)?.[1];
  if (!token) return;
  history.replaceState(null, "", location.pathname);
  await call("POST", "/api/session", { json: { token: decodeURIComponent(token) } });
}

/** @returns {Promise<Schema>} */
export const schema = () => get("/api/schema");
/** @returns {Promise<Listed[]>} */
export const photos = async () => (await get("/api/photos")).photos;
/** @param {string} id @returns {Promise<PhotoState>} */
export const photo = (id) => get(of(id));
/** @param {string} id @param {boolean} edited @param {number} revision */
export const thumbnail = (id, edited, revision) =>
  `${of(id)}/thumbnail?edited=${edited ? 1 : 0}&revision=${revision}`;
/** @param {string} id */
export const history_ = async (id) => (await get(`${of(id)}/history`)).steps;

/** @param {Response} answer @returns {Promise<PixelBytes>} */
async function pixels(answer) {
  const number = (/** @type {string} */ name) => Number(answer.headers.get(name));
  const format = answer.headers.get("X-Format") ?? "rgb8";
  return { width: number("X-Width"), height: number("X-Height"), format, data: await answer.arrayBuffer() };
}

const LEAST = 64; // pixels of a side that can be asked for: a smaller photo comes as it is

/** What of a photo is seen, as a query. @param {PhotoState} photo @param {string} mark */
const framed = ({ frame }, mark) => (frame ? `${mark}frame=${encodeURIComponent(frame)}` : "");
/** @param {PhotoState} photo @param {number} side @param {AbortSignal} [signal] */
export const preview = async (photo, side, signal) =>
  pixels(await call("GET", `${of(photo.id)}/preview?side=${Math.max(LEAST, side)}${framed(photo, "&")}`, { signal }));
/** @param {PhotoState} photo @param {number} x @param {number} y @param {AbortSignal} [signal] */
export const tile = async (photo, x, y, signal) =>
  pixels(await call("GET", `${of(photo.id)}/tile/${x}/${y}${framed(photo, "?")}`, { signal }));

/**
 * @param {string} id @param {Plan|null} plan @param {string} space @param {boolean} draft @param {AbortSignal} [signal]
 * @returns {Promise<TableBytes|null>} null where no table can show the plan
 */
export async function table(id, plan, space, draft, signal) {
  const answer = await call("POST", `${of(id)}/table`, { json: { plan, space, draft }, signal });
  if (answer.status === 204) return null;
  return { points: Number(answer.headers.get("X-Points")), draft, data: await answer.arrayBuffer() };
}

/**
 * @param {string} id @param {Plan|null} plan @param {string} space
 * @param {{side: number}|{left: number, top: number, width: number, height: number}} part @param {AbortSignal} [signal]
 */
export const render = async (id, plan, space, part, signal) => {
  const place = "side" in part ? { side: Math.max(LEAST, part.side) } : part;
  return pixels(await call("POST", `${of(id)}/render`, { json: { plan, space, ...place }, signal }));
};

/** @param {string} id @param {number} revision @param {Plan|null} plan @param {string} name */
export const saveEdits = async (id, revision, plan, name) =>
  (await call("PUT", `${of(id)}/edits`, { json: { plan, name }, headers: { "If-Match": `"${revision}"` } })).json();
/** @param {string} id @param {number} revision @param {"undo"|"redo"} way @returns {Promise<PhotoState>} */
export const step = async (id, revision, way) =>
  (await call("POST", `${of(id)}/${way}`, { json: {}, headers: { "If-Match": `"${revision}"` } })).json();
/**
 * @param {string} id @param {import("./types.js").Frame} [frame]
 * @returns {Promise<{angle: number, problem?: string, plan?: string}>}
 */
export const level = (id, frame) => send("POST", `${of(id)}/level`, frame ? { frame: JSON.stringify(frame) } : {});
/** @param {string} id @param {Plan} plan */
export const explain = (id, plan) => send("POST", `${of(id)}/explain`, { plan });
/** @param {string} id @param {Plan|null} plan @param {string} kind */
export const document_ = async (id, plan, kind) =>
  (await call("POST", `${of(id)}/document`, { json: { plan, kind } })).blob();

/** @param {File} file @returns {Promise<any>} */
export const values = async (file) =>
  (await call("POST", `/api/values?name=${encodeURIComponent(file.name)}`, { body: file, headers: RAW })).json();
/** @param {File} file @returns {Promise<{id: string}>} */
export const addPhoto = async (file) =>
  (await call("POST", `/api/photos?name=${encodeURIComponent(file.name)}`, { body: file, headers: RAW })).json();
const RAW = { "Content-Type": "application/octet-stream" };

/**
 * @param {{from?: string, plan?: Plan, to: string[], slots?: string[], whole?: boolean, name?: string}} wish the plan, or
 *   the photo that has it; which of its values, by address; or the whole of it in place of what is there
 */
export const paste = (wish) => send("POST", "/api/paste", wish);
/** @param {any} wish @returns {Promise<any>} the job */
export const startPlans = (wish) => send("POST", "/api/plans", wish);
/** @param {any} wish @returns {Promise<{job: string, command: string}>} */
export const startExport = (wish) => send("POST", "/api/export", wish);
/** @param {string} job */
export const job = (job) => get(`/api/jobs/${encodeURIComponent(job)}`);
/** @param {string} job */
export const cancel = (job) => call("DELETE", `/api/jobs/${encodeURIComponent(job)}`);

/**
 * Read a stream of server-sent events.
 * @param {Response} answer @param {(event: string, data: any) => void} on
 */
export async function readEvents(answer, on) {
  const body = /** @type {ReadableStream<BufferSource>} */ (/** @type {unknown} */ (answer.body));
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let held = "";
  for (;;) {
    const { done, value } = await reader.read();
    held += (value ?? "").replaceAll("\r\n", "\n");
    const blocks = held.split("\n\n");
    held = blocks.pop() ?? "";
    for (const block of blocks) {
      let event = "message";
      const data = [];
      for (const line of block.split("\n")) {
        if (line.startsWith("event:")) event = line.slice(6).trim();
        if (line.startsWith("data:")) data.push(line.slice(5).trim());
      }
      if (data.length) on(event, JSON.parse(data.join("\n")));
    }
    if (done) return;
  }
}

/**
 * Ask a planner; what it says on the way goes to `on`.
 * @param {string} id @param {any} wish @param {(event: string, data: any) => void} on @param {AbortSignal} [signal]
 * @returns {Promise<Plan>}
 */
export async function plan(id, wish, on, signal) {
  const answer = await call("POST", `${of(id)}/plan`, { json: wish, signal });
  let made = null;
  let refused = null;
  await readEvents(answer, (event, data) => {
    if (event === "plan") made = data;
    else if (event === "error") refused = data;
    else on(event, data);
  });
  if (refused) throw new Refused(422, refused);
  if (!made) throw new Refused(502, { error: "The planner ended without a plan. Try again." });
  return made;
}

/** @param {string} job @param {(state: any) => void} on */
export async function followJob(job, on) {
  const answer = await call("GET", `/api/jobs/${encodeURIComponent(job)}/events`);
  await readEvents(answer, (_, data) => on(data));
}
