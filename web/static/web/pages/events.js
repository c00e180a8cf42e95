/** The list of published events. */

import { getAll } from "../api.js";
import { boot } from "../boot.js";
import { EventFacts } from "../components/event_facts.js";
import { Frame } from "../components/frame.js";
import { gettext, ngettext } from "../i18n.js";
import { explain } from "../problems.js";
import { describeStatus } from "../registration.js";
import { describeSales } from "../sales.js";
import { html, show, useEffect, useState } from "../view.js";

/** Under this many places left it is worth saying how many. */
const FEW_PLACES = 20;

/** What is on now or to come, the next one first, and where one is registered. */
async function load() {
  const upcoming = (event) => Date.parse(event.ends_at) > Date.now();
  const own = boot.user ? getAll(`/registrations/?user=${boot.user.id}`) : [];
  const [events, registrations] = await Promise.all([
    getAll("/events/?status=published&ordering=starts_at"),
    own,
  ]);
  const live = registrations.filter((registration) => registration.status !== "cancelled");
  const byEvent = new Map(live.map((registration) => [registration.event, registration]));
  return events.filter(upcoming).map((event) => ({ event, registration: byEvent.get(event.id) }));
}

function tagOf({ event, registration }) {
  if (registration) return describeStatus(registration);
  const { state } = describeSales(event);
  if (state === "full") return [gettext("Full"), "off"];
  if (state === "waitlist") return [gettext("Full, waitlist open"), "warn"];
  if (state === "closed") return [gettext("Registration closed"), "off"];
  if (state === "soon") return [gettext("Opens later"), "off"];
  if (event.seats_left === null || event.seats_left > FEW_PLACES) return [gettext("Open"), ""];
  const left = ngettext("{count} place left", "{count} places left", event.seats_left);
  return [left, "warn"];
}

function Card(row) {
  const [words, colour] = tagOf(row);
  return html`
    <li>
      <a class="card" href=${`/events/${row.event.id}/`}>
        <h2>${row.event.name}</h2>
        <${EventFacts} event=${row.event} />
        <p><span class=${`tag ${colour}`}>${words}</span></p>
      </a>
    </li>
  `;
}

function Events() {
  const [rows, setRows] = useState(null);
  const [problem, setProblem] = useState(null);
  useEffect(() => void load().then(setRows, setProblem), []);
  return html`
    <${Frame} title=${gettext("Events")}>
      <h1>${gettext("Events")}</h1>
      ${problem && html`<p class="notice bad" role="alert">${explain(problem)}</p>`}
      ${!rows && !problem && html`<p class="quiet" role="status">${gettext("Loading …")}</p>`}
      ${rows?.length === 0 && html`<p class="quiet">${gettext("No events are announced.")}</p>`}
      <ul class="stack">${rows?.map((row) => html`<${Card} key=${row.event.id} ...${row} />`)}</ul>
    <//>
  `;
}

show(html`<${Events} />`);
