/** Coming and going: the session is the server's, what this device keeps is the wallet's. */

import { post, remove } from "./api.js";
import * as wallet from "./wallet.js";

/** Sign in, and go where the address says one came from. */
export async function signIn(email, password) {
  await post("/session/", { email, password });
  location.assign(nextAddress());
}

/**
 * Sign out. What this device holds goes first: it must be gone even where the server is not
 * reached, and its session then ends by itself.
 */
export async function signOut() {
  await wallet.empty();
  await remove("/session/").catch(() => null);
  location.assign("/");
}

/** Where `?next=` leads, on this site alone: nobody is sent elsewhere by a link to us. */
function nextAddress() {
  const next = new URLSearchParams(location.search).get("next") ?? "/";
  const address = new URL(next, location.origin);
  return address.origin === location.origin ? address.href : "/";
}
