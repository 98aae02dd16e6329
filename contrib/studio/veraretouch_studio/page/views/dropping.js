/**
 * Files that are dropped or chosen: photos join the session, or are what the edit is made to look like; values join the
 * plan of the open photo, or of the photos that are selected.
 */

import * as api from "../core/api.js";
import { merged } from "../core/plan.js";
import { counted, t } from "../core/texts.js";

/** @import {Store} from "../core/store.js" */

const VALUES = /\.(json|xmp|lrtemplate|cube|3dl|look|cdl|cc|ccc)$/i;

/**
 * @param {Store} store @param {File[]} files
 * @param {{to: string[]|null, refer?: (photos: File[]) => Promise<void>}} where values go to the photos `to`, on the
 *   edit page (null) to the open one; photos are referred to where that is asked for
 */
export async function takeFiles(store, files, { to, refer }) {
  const photos = files.filter(({ name }) => !VALUES.test(name));
  for (const file of files.filter(({ name }) => VALUES.test(name))) {
    await tried(store, () => takeValues(store, file, to));
  }
  if (refer && photos.length) await refer(photos);
  else if (photos.length) await takePhotos(store, photos);
}

/** @param {Store} store @param {() => Promise<void>} work */
async function tried(store, work) {
  try {
    await work();
  } catch (error) {
    store.report(error);
  }
}

/** One photo is opened at once, several are shown on the grid. @param {Store} store @param {File[]} files */
async function takePhotos(store, files) {
  /** @type {string[]} */
  const ids = [];
  for (const file of files) await tried(store, async () => void ids.push((await api.addPhoto(file)).id));
  await tried(store, () => store.list());
  if (ids.length === 1) location.hash = `#/edit/${ids[0]}`;
  else if (ids.length) location.hash = "#/";
}

/** @param {Store} store @param {File} file @param {string[]|null} to */
async function takeValues(store, file, to) {
  if (to ? !to.length : !store.photo) {
    store.announce(t("drop.nowhere"), true);
    return;
  }
  const { plan, said } = await api.values(file);
  // A plan is the whole of what is done to a photo; a preset or a table goes over what is there.
  const whole = /\.json$/i.test(file.name);
  if (to) {
    await api.paste({ plan, to, whole, name: file.name });
    await store.list();
  } else store.change(whole ? plan : merged(store.plan, plan), file.name);
  const done = to ? counted("drop.many", to.length, { name: file.name }) : t("drop.done", { name: file.name });
  store.announce([done, ...said].join(" "), true);
}
