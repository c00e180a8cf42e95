/** Working without a network: the service worker, and knowing whether there is one. */

import { useEffect, useState } from "./view.js";

/** Whether the browser believes that there is a network; a call that fails knows better. */
export function useOnline() {
  const [online, setOnline] = useState(navigator.onLine);
  useEffect(() => {
    const look = () => setOnline(navigator.onLine);
    addEventListener("online", look);
    addEventListener("offline", look);
    return () => {
      removeEventListener("online", look);
      removeEventListener("offline", look);
    };
  }, []);
  return online;
}

/**
 * Keep these pages on the device from now on.
 *
 * @returns {Promise<boolean>} true once they are kept, false where that is not possible
 */
export async function keepPages() {
  try {
    await navigator.serviceWorker.register("/sw.js");
    await navigator.serviceWorker.ready;
    return true;
  } catch {
    return false; // Private windows and insecure addresses have no service workers.
  }
}
