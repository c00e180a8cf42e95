/** The gate page and its files stay on the device: it opens where there is no network, too. */

import { keepPages } from "../offline.js";

/** The service worker looks here as well (`sw.js`); signing out does not empty it. */
const CACHE = "gate";
const LINKED = "link[rel=modulepreload], link[rel=stylesheet], link[rel=icon]";

/** Keep this page, and every file that it needs or may need; drop those of an older version. */
export async function keepGate() {
  if (!(await keepPages())) return;
  const cache = await caches.open(CACHE);
  const wanted = filesOfThisPage();
  const kept = new Set((await cache.keys()).map(({ url }) => url));
  await cache.addAll([location.pathname, ...[...wanted].filter((url) => !kept.has(url))]);
  const page = new URL(location.pathname, location.href).href;
  for (const url of kept) if (url !== page && !wanted.has(url)) await cache.delete(url);
}

/** The import map names the modules that are fetched on demand, too. */
function filesOfThisPage() {
  const map = document.querySelector("script[type=importmap]").textContent;
  const modules = Object.values(JSON.parse(map).imports);
  const links = [...document.querySelectorAll(LINKED)].map(({ href }) => href);
  return new Set([...modules, ...links].map((address) => new URL(address, location.href).href));
}
