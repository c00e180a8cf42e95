/** Drawing QR codes. */

import encodeQR from "qr";

/** ISO/IEC 18004 §9.1: a light margin of four modules on each side. */
const QUIET_MODULES = 4;

/**
 * @param {string} text
 * @returns {{size: number, path: string}} the side in modules, and the dark ones as an SVG path
 */
export function draw(text) {
  const rows = encodeQR(text, "raw", { ecc: "medium", border: QUIET_MODULES });
  const path = rows
    .flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : "")))
    .join("");
  return { size: rows.length, path };
}
