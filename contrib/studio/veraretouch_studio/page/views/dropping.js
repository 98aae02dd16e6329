/** Files that are dropped or chosen: photos join the session, values join the plan of the open photo. */

import * as api from "../core/api.js";
import { merged } from "../core/plan.js";
import { t } from "../core/texts.js";

/** @import {Store} from "../core/store.js" */

const VALUES = /\.(json|xmp|lrtemplate|cube|3dl|look|cdl|cc|ccc)$/i;

/** @param {Store} store @param {File[]} files */
export async function takeFiles(store, files) {
  let opened = "";
  for (const file of files) {
    try {
      if (VALUES.test(file.name)) await takeValues(store, file);
      else {
        opened = (await api.addPhoto(file)).id;
        await store.list();
      }
    } catch (error) {
      store.report(error);
    }
  }
  if (opened) location.hash = `#/edit/${opened}`;
}

/** @param {Store} store @param {File} file */
async function takeValues(store, file) {
  if (!store.photo || !location.hash.startsWith("#/edit/")) {
    store.announce(t("drop.nowhere"), true);
    return;
  }
  const { plan, said } = await api.values(file);
  // A plan is the whole of what is done to a photo; a preset or a table goes over what is there.
  const whole = /\.json$/i.test(file.name);
  store.change(whole ? plan : merged(store.plan, plan), file.name);
  store.announce([t("drop.done", { name: file.name }), ...said].join(" "), true);
}
