/** When and where an event is. */

import { formatDay, formatTime, gettext } from "../i18n.js";
import { html } from "../view.js";

const DAY_MS = 24 * 3600 * 1000;

function timeText({ starts_at, ends_at, time_zone }) {
  const sameDay = Date.parse(ends_at) - Date.parse(starts_at) < DAY_MS;
  const start = formatDay(starts_at, time_zone);
  const end = sameDay ? formatTime(ends_at, time_zone) : formatDay(ends_at, time_zone);
  return gettext("{start} to {end}", { start, end });
}

/** @param {{event: Object}} props */
export function EventFacts({ event }) {
  return html`
    <div class="tight quiet">
      <p><time datetime=${event.starts_at}>${timeText(event)}</time></p>
      ${event.venue && html`<p>${event.venue}</p>`}
    </div>
  `;
}
