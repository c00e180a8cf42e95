/**
 * What the gate keeps in IndexedDB, where it survives a reload, a crash and a dead battery.
 *
 * `queue` holds scans that the server has not answered, `alerts` late refusals that nobody has
 * acknowledged, `log` the last scans. All are keyed by `scan_id`.
 */

const NAME = "gate";
const VERSION = 1;
const STORES = ["queue", "alerts", "log"];

/** @returns {Promise<IDBDatabase>} */
function open() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, VERSION);
    request.onupgradeneeded = () => {
      for (const store of STORES) request.result.createObjectStore(store, { keyPath: "scan_id" });
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** @type {Promise<IDBDatabase>|undefined} */
let database;

/**
 * Run `work` on the named stores in one transaction; what it wrote is on the disk when this returns.
 *
 * @param {string[]} names
 * @param {IDBTransactionMode} mode
 * @param {(...stores: IDBObjectStore[]) => IDBRequest|void} work
 */
async function transact(names, mode, work) {
  database ??= open();
  const opened = await database.catch((error) => {
    database = undefined;
    throw error;
  });
  return new Promise((resolve, reject) => {
    // Strict: not even a power cut takes a scan that somebody was let in by.
    const transaction = opened.transaction(names, mode, { durability: "strict" });
    const request = work(...names.map((name) => transaction.objectStore(name)));
    transaction.oncomplete = () => resolve(request?.result);
    transaction.onabort = () => reject(transaction.error);
  });
}

/** Every row of a store. */
export const all = (name) => transact([name], "readonly", (store) => store.getAll());

/** Write a row, or write it anew. */
export const put = (name, row) => transact([name], "readwrite", (store) => store.put(row));

/** Forget a row. */
export const remove = (name, scanId) =>
  transact([name], "readwrite", (store) => store.delete(scanId));

/** Take a scan out of the queue and note that it was refused: both, or neither. */
export const refuse = (scanId, alert) =>
  transact(["queue", "alerts"], "readwrite", (queue, alerts) => {
    queue.delete(scanId);
    alerts.put(alert);
  });
