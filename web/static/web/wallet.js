/**
 * The tickets that this device can show without a network, in IndexedDB.
 *
 * What is kept of a secret is a key that no script can read (`totp.js`); its text is nowhere. Gone at
 * sign-out, and each ticket when its registration ends.
 */

const DATABASE = "tickets";
const STORE = "tickets";
/** The service worker keeps the pages themselves under this name; they say who is signed in. */
const PAGES = "pages";

/**
 * @typedef {Object} StoredTicket
 * @property {string} id of the registration
 * @property {string} user whose it is
 * @property {string} holder
 * @property {CryptoKey} key
 * @property {string} prefix the text of the QR code up to the code
 * @property {number} digits
 * @property {number} period_s
 * @property {number} version
 * @property {import("./clock.js").Measurement|null} clock
 * @property {Object} [registration] as the API told it last
 * @property {Object} [event] as the API told it last
 * @property {Object} [attendance] the ticket as the API told it last, without any secret
 */

/** @returns {Promise<any>} the result of an IndexedDB request */
function result(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function run(mode, work) {
  const opening = indexedDB.open(DATABASE, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE, { keyPath: "id" });
  const database = await result(opening);
  try {
    return await result(work(database.transaction(STORE, mode).objectStore(STORE)));
  } finally {
    database.close();
  }
}

/** @returns {Promise<StoredTicket|undefined>} */
export const read = (id) => run("readonly", (store) => store.get(id));
/** @returns {Promise<StoredTicket[]>} */
export const readAll = () => run("readonly", (store) => store.getAll());
/** @param {StoredTicket} ticket */
export const write = (ticket) => run("readwrite", (store) => store.put(ticket));
/** Forget one ticket. */
export const drop = (id) => run("readwrite", (store) => store.delete(id));

/** Forget every ticket, and the pages that were kept with a name in them. */
export async function empty() {
  await run("readwrite", (store) => store.clear());
  await globalThis.caches?.delete(PAGES);
}

/** Forget what belongs to anybody but this person, who has signed in on the same device. */
export async function keepOnly(userId) {
  for (const ticket of await readAll()) if (ticket.user !== userId) await drop(ticket.id);
}
