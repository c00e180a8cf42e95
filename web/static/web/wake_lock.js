/** Keeping the screen on while somebody waits in a queue with it in the hand. */

import { useEffect } from "./view.js";

/** Hold the wake lock while the page is visible; the browser takes it back when it is hidden. */
export function useWakeLock() {
  useEffect(() => {
    let lock = null;
    async function hold() {
      if (document.visibilityState !== "visible") return;
      // Refused when the battery is low: then the screen goes dark as it always does.
      lock = await navigator.wakeLock?.request("screen").catch(() => null);
    }
    hold();
    document.addEventListener("visibilitychange", hold);
    return () => {
      document.removeEventListener("visibilitychange", hold);
      lock?.release();
    };
  }, []);
}
