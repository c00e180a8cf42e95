/** What the server put into the page: who is signed in, and the words in the reader's language. */

/**
 * @typedef {{id: string, full_name: string, email: string}} Person
 * @typedef {{language: string, texts: Object<string, string|string[]>, allTexts: string|null,
 *   user: Person|null, googleWallet: boolean}} Boot  `allTexts` is where the words of modules fetched on demand are
 */

/** @type {Boot} */
export const boot = JSON.parse(document.getElementById("boot").textContent);
