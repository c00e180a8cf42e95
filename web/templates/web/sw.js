/**
 * The service worker: the tickets' pages and their files stay on the device.
 *
 * It never keeps an answer of the API: secrets and people's data are none of its business.
 */

const { version, files, staticPrefix, immutable, list, ticket, gate, nothingKept } = {{ precache|safe }};
const FILES = `files-${version}`;
/** Emptied at sign-out by wallet.js, for these pages say who is signed in. */
const PAGES = "pages";
/** The gate and its files, which the page itself puts here (`gate/offline.js`). */
const GATE = "gate";
/** After this many milliseconds a page of the device is better than one that may still come. */
const PATIENCE_MS = 3_000;

addEventListener("install", (event) => event.waitUntil(install()));
addEventListener("activate", (event) => event.waitUntil(activate()));
addEventListener("fetch", (event) => {
  const { pathname, origin } = new URL(event.request.url);
  if (event.request.method !== "GET" || origin !== location.origin) return;
  if (pathname.startsWith(staticPrefix)) event.respondWith(file(event.request));
  else if (event.request.mode === "navigate") {
    const kept = keptUnder(pathname);
    if (kept) event.respondWith(page(event.request, kept));
  }
});

async function install() {
  const [cache, pages] = await Promise.all([caches.open(FILES), caches.open(PAGES)]);
  await Promise.all([cache.addAll(files), pages.addAll([list, ticket])]);
  await skipWaiting();
}

async function activate() {
  const old = (await caches.keys()).filter((name) => name.startsWith("files-") && name !== FILES);
  await Promise.all(old.map((name) => caches.delete(name)));
  await clients.claim();
}

/** Under which address a page is kept: every ticket's page is the same. */
function keptUnder(pathname) {
  if (pathname === "/" || pathname === list) return list;
  if (pathname === gate) return gate;
  return pathname.startsWith(list) ? ticket : null;
}

async function file(request) {
  const cache = await caches.open(FILES);
  const kept = (await cache.match(request)) ?? (await caches.match(request));
  if (kept && immutable) return kept;
  try {
    const answer = await fetch(request);
    if (answer.ok) await cache.put(request, answer.clone());
    return answer;
  } catch (error) {
    if (kept) return kept;
    throw error;
  }
}

/** The server's page where it comes in time, else the kept one; the front page becomes the list. */
async function page(request, kept) {
  const cacheName = kept === gate ? GATE : PAGES;
  const isFrontPage = new URL(request.url).pathname === "/";
  try {
    const answer = await fetch(request, { signal: AbortSignal.timeout(PATIENCE_MS) });
    if (answer.ok && !isFrontPage) await (await caches.open(cacheName)).put(kept, answer.clone());
    return answer;
  } catch {
    const found = await caches.match(kept, { cacheName, ignoreVary: true });
    if (!found) return new Response(nothingKept, { headers: { "Content-Type": "text/html" } });
    return isFrontPage ? Response.redirect(list) : found;
  }
}
