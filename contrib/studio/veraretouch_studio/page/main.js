/** The page begins: session, texts, schema, photos; then the frame that shows them. */

import * as api from "./core/api.js";
import { Store } from "./core/store.js";
import { loadTexts, t } from "./core/texts.js";
import { loadControls } from "./controls/own.js";
import "./views/app.js";

async function begin() {
  await loadTexts("en");
  const body = document.body;
  try {
    await api.openSession();
    const [schema, photos] = await Promise.all([api.schema(), api.photos()]);
    const store = new Store(schema);
    store.photos = photos;
    loadControls(schema, () => store.tell());
    if (photos.length === 1 && !location.hash) history.replaceState(null, "", `#/edit/${photos[0].id}`);
    const app = /** @type {any} */ (document.createElement("studio-app"));
    app.store = store;
    body.replaceChildren(app);
  } catch (error) {
    const message = document.createElement("main");
    message.className = "closed";
    const title = document.createElement("h1");
    title.textContent = t("title");
    const words = document.createElement("p");
    const closed = error instanceof api.Refused && (error.status === 401 || error.status === 403);
    words.textContent = closed ? t("session.closed") : error instanceof Error ? error.message : String(error);
    message.append(title, words);
    body.replaceChildren(message);
  }
}

void begin();
