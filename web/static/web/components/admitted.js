/** What the page says after the gate has let somebody in. */

import { formatTime, gettext } from "../i18n.js";
import { html } from "../view.js";

/** "Admitted 19:02, North gate"; the gate is known of the first admission alone. */
export function admittedText({ first_admitted_at, first_gate, last_entry_at }, event) {
  const time = formatTime(last_entry_at, event.time_zone);
  if (last_entry_at !== first_admitted_at || !first_gate) {
    return gettext("Admitted {time}", { time });
  }
  return gettext("Admitted {time}, {gate} gate", { time, gate: first_gate.name });
}

/** Whether the ticket lets nobody in any more, so that there is no code to show. */
export function isUsed(attendance, event) {
  return attendance?.entries > 0 && event?.entry_policy === "once";
}

/** @param {{attendance: Object, event: Object, big: boolean}} props */
export function Admitted({ attendance, event, big }) {
  const text = admittedText(attendance, event);
  return html`
    <div class=${big ? "admitted big" : "admitted"} role="status">
      <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M4 12.500l5.500 5.500L20 7" /></svg>
      <p>${text}</p>
    </div>
  `;
}
