/**
 * The words, dates and numbers of the pages in the reader's language.
 *
 * The English text is the key; `make messages` collects the calls into web/locale. Both arguments
 * must be literals in double quotes, or nobody finds them.
 */

import { boot } from "./boot.js";

/** @returns {string} the text with each `{name}` filled in */
function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? values[name] : whole));
}

/**
 * @param {string} text in English
 * @param {Object<string, string|number>} [values] for the `{names}` in it
 */
export function gettext(text, values = {}) {
  return fill(/** @type {string} */ (boot.texts[text] ?? text), values);
}

/** The form of a text for a number; both languages so far have one for 1 and one for the rest. */
export function ngettext(one, many, count, values = {}) {
  const [single, several] = boot.texts[one] ?? [one, many];
  return fill(count === 1 ? single : several, { count, ...values });
}

/** The reader's own kind of the page's language: British English writes dates unlike American. */
const locale = navigator.languages.find((one) => one.startsWith(boot.language)) ?? boot.language;

/**
 * A moment as people say it, on the clocks of a place.
 *
 * @param {string} moment RFC 3339
 * @param {string} timeZone IANA name
 * @param {Intl.DateTimeFormatOptions} options
 */
export function formatMoment(moment, timeZone, options) {
  return new Intl.DateTimeFormat(locale, { ...options, timeZone }).format(new Date(moment));
}

/** "19:02" on the clocks of a place, "7:02 PM" where people say it so. */
export function formatTime(moment, timeZone) {
  return formatMoment(moment, timeZone, { hour: "numeric", minute: "2-digit" });
}

/** "Sat, 22 Nov, 19:02". */
export function formatDay(moment, timeZone) {
  return formatMoment(moment, timeZone, {
    weekday: "short", day: "numeric", month: "short", hour: "numeric", minute: "2-digit",
  });
}

/**
 * A module that is fetched on demand, together with its words.
 *
 * @template T
 * @param {Promise<T>} module as `import("…")` returns it
 * @returns {Promise<T>}
 */
export async function withTexts(module) {
  if (boot.allTexts) {
    const answer = await fetch(boot.allTexts);
    Object.assign(boot.texts, await answer.json());
    boot.allTexts = null;
  }
  return module;
}
