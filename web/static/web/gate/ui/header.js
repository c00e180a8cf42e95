/** Which event, which gate, whether the server is there, what waits, and how many are inside. */

import { gettext, ngettext } from "../../i18n.js";
import { html, useEffect, useState } from "../../view.js";

export function Header({ gate, state }) {
  const { me, direction } = state;
  const way = direction === "exit" ? gettext("Exit") : gettext("Entry");
  return html`
    <header class="gate-head">
      <h1>${me.event.name}</h1>
      <${Connection} gate=${gate} state=${state} />
      <p>${me.gate.name} · ${way}</p>
      <${Headcount} gate=${gate} counts=${me.counts} />
    </header>
  `;
}

function Connection({ gate, state }) {
  const { isOnline, lostAt, queue, stranded } = state;
  const text = isOnline
    ? gettext("Online")
    : gettext("No connection since {time}", { time: gate.time(lostAt) });
  return html`
    <p class="gate-net" data-online=${isOnline}>
      <span>${text}</span>
      ${queue > 0 && html`<span class="gate-queue">${waiting(queue)}</span>`}
      ${stranded > 0 && html`<span class="gate-queue">${waitingElsewhere(stranded)}</span>`}
    </p>
  `;
}

const waiting = (count) => ngettext("{count} scan waits", "{count} scans wait", count);
const waitingElsewhere = (count) =>
  ngettext("{count} scan waits for another event", "{count} scans wait for another event", count);

function Headcount({ gate, counts }) {
  const [, look] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => look((times) => times + 1), 1000);
    return () => clearInterval(timer);
  }, []);
  if (!counts) return null;
  const seconds = Math.max(0, Math.round((gate.clock.now() - Date.parse(counts.as_of)) / 1000));
  return html`
    <p class="gate-count">
      <strong>${gettext("{inside} of {expected} inside", counts)}</strong>${" · "}
      ${age(seconds)}
    </p>
  `;
}

function age(seconds) {
  return seconds < 120
    ? gettext("{seconds} s ago", { seconds })
    : gettext("{minutes} min ago", { minutes: Math.round(seconds / 60) });
}
