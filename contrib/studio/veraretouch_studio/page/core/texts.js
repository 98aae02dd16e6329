/** Every text that the page shows comes from texts.<language>.json by its key. */

/** @type {Record<string, string>} */
let texts = {};

/** @param {string} language */
export async function loadTexts(language) {
  const answer = await fetch(`/page/texts.${language}.json`);
  texts = await answer.json();
}

/**
 * The text of a key, with `{name}` filled in.
 * @param {string} key @param {Record<string, any>} [facts]
 */
export function t(key, facts = {}) {
  const text = texts[key];
  if (text === undefined) return key;
  return text.replace(/\{(\w+)\}/g, (_, name) => String(facts[name] ?? ""));
}

/**
 * The text of a key with a number: that of `key.1` for one.
 * @param {string} key @param {number} n @param {Record<string, any>} [facts]
 */
export const counted = (key, n, facts = {}) => t(n === 1 ? `${key}.1` : key, { ...facts, n });

/**
 * The name of an op, area, slot or group: from the texts, else its id in words.
 * @param {string} kind @param {string} id
 */
export function named(kind, id) {
  const known = texts[`${kind}.${id}`];
  if (known !== undefined) return known;
  const words = (id.split(".").pop() ?? id).replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
