/** Preact with htm: `html` tags templates as JSX would, and nothing is compiled. */

import { h, render } from "preact";
import htm from "htm";

export const html = htm.bind(h);
export { useEffect, useId, useMemo, useRef, useState } from "preact/hooks";

/** Fill the page. */
export function show(view) {
  render(view, document.getElementById("app"));
}
