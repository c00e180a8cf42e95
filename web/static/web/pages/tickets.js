/** One's tickets, the next one first; without a network those that this device keeps. */

import { get, getAll } from "../api.js";
import { boot } from "../boot.js";
import { EventFacts } from "../components/event_facts.js";
import { Frame, signInAddress } from "../components/frame.js";
import { gettext } from "../i18n.js";
import { keepPages } from "../offline.js";
import { explain } from "../problems.js";
import { describeStatus } from "../registration.js";
import { html, show, useEffect, useState } from "../view.js";
import * as wallet from "../wallet.js";

const isOver = ({ event }) => Date.parse(event.ends_at) < Date.now();
/** Those to come in their order, then those that are over, the latest first. */
function inOrder(rows) {
  const start = ({ event }) => Date.parse(event.starts_at);
  const coming = rows.filter((row) => !isOver(row)).sort((a, b) => start(a) - start(b));
  const over = rows.filter(isOver).sort((a, b) => start(b) - start(a));
  return [...coming, ...over];
}

async function load() {
  const registrations = await getAll(`/registrations/?user=${boot.user.id}`);
  const live = registrations.filter(({ status }) => status !== "cancelled");
  const rows = live.map(async (registration) => ({
    registration,
    event: await get(`/events/${registration.event}/`),
  }));
  return inOrder(await Promise.all(rows));
}

/** What this device keeps of cancelled registrations, and of those of others, goes. */
async function tidy(rows) {
  await wallet.keepOnly(boot.user.id);
  const live = new Set(rows.map(({ registration }) => registration.id));
  for (const { id } of await wallet.readAll()) if (!live.has(id)) await wallet.drop(id);
}

function tagOf({ registration, event }) {
  if (event.status === "cancelled") return [gettext("Event cancelled"), "bad"];
  if (isOver({ event })) return [gettext("Over"), "off"];
  return describeStatus(registration);
}

function Row(row) {
  const [words, colour] = tagOf(row);
  const { registration, event } = row;
  return html`
    <li>
      <a class="card" href=${`/tickets/${registration.id}/`}>
        <h2>${event.name}</h2>
        <${EventFacts} event=${event} />
        <p class="row">
          <span class=${`tag ${colour}`}>${words}</span>
          ${registration.position &&
          html`<span class="quiet">
            ${gettext("Number {position} on the waitlist", { position: registration.position })}
          </span>`}
        </p>
      </a>
    </li>
  `;
}

function Tickets() {
  const [rows, setRows] = useState(null);
  const [problem, setProblem] = useState(null);
  async function start() {
    try {
      const found = await load();
      setRows(found);
      await tidy(found);
    } catch (error) {
      if (error.name !== "Problem") throw error;
      setRows(inOrder(await wallet.readAll()));
      setProblem(error);
    }
    await keepPages();
  }
  useEffect(() => {
    if (boot.user) start();
    else location.replace(signInAddress());
  }, []);
  return html`
    <${Frame} title=${gettext("My tickets")}>
      <h1>${gettext("My tickets")}</h1>
      <div role="status">
        ${problem?.code === "offline" &&
        html`<p class="notice">${gettext("No network. These tickets are on this phone.")}</p>`}
        ${problem && problem.code !== "offline" && html`<p class="notice">${explain(problem)}</p>`}
        ${!rows && html`<p class="quiet">${gettext("Loading …")}</p>`}
      </div>
      ${rows?.length === 0 &&
      html`<p class="quiet">${gettext("You have no tickets yet.")}</p>
        <a class="button primary wide" href="/">${gettext("See what is on")}</a>`}
      <ul class="stack">
        ${rows?.map((row) => html`<${Row} key=${row.registration.id} ...${row} />`)}
      </ul>
    <//>
  `;
}

show(html`<${Tickets} />`);
