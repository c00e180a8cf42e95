/** A QR code on its own white ground, whatever the colours around it: scanners need dark on light. */

import { draw } from "../qr.js";
import { html, useMemo } from "../view.js";

/** @param {{text: string, label: string}} props */
export function QrCode({ text, label }) {
  const { size, path } = useMemo(() => draw(text), [text]);
  return html`
    <svg class="qr" role="img" aria-label=${label} viewBox="0 0 ${size} ${size}">
      <rect width=${size} height=${size} fill="#fff" />
      <path d=${path} fill="#000" shape-rendering="crispEdges" />
    </svg>
  `;
}
