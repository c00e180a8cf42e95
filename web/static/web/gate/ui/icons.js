/** The signs on the buttons and of the verdicts; drawn, for not every phone has every character. */

import { html } from "../../view.js";

const PATHS = {
  torch: "M8 2h8v4l-2 4v12h-4V10L8 6z",
  camera: "M4 7h4l2-3h4l2 3h4v12H4zM12 9a4 4 0 1 0 0 8 4 4 0 0 0 0-8",
  search: "M10 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14M15 15l6 6",
  list: "M4 6h16M4 12h16M4 18h16",
  settings: "M4 7h10M18 7h2M14 4v6M4 17h4M12 17h8M8 14v6",
  muted: "M4 9v6h4l5 4V5L8 9zM17 9l5 6M22 9l-5 6",
};

/** A tick, an arrow that comes round again, a cross, an hourglass. */
const SIGNS = {
  admit: "M4 13l5 5L20 6",
  exit: "M4 13l5 5L20 6",
  already: "M5 12a7 7 0 1 0 2.5-5.4M8 2v5h5",
  no: "M5 5l14 14M19 5L5 19",
  saved: "M6 3h12M6 21h12M7 3c0 5 10 13 10 18M17 3c0 5-10 13-10 18",
};

/** @param {{kind: import("../verdicts.js").Kind}} props */
export const Sign = ({ kind }) => html`
  <svg class="sign" data-sign=${kind} viewBox="0 0 24 24" aria-hidden="true">
    <path d=${SIGNS[kind]} />
  </svg>
`;

/** @param {{name: keyof typeof PATHS}} props */
export const Icon = ({ name }) => html`
  <svg class="icon" viewBox="0 0 24 24" width="24" height="24" aria-hidden="true">
    <path d=${PATHS[name]} />
  </svg>
`;
