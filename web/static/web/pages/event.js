/** One event: what it is, and one's own place at it. */

import { get, getAll } from "../api.js";
import { boot } from "../boot.js";
import { EventFacts } from "../components/event_facts.js";
import { Frame, signInAddress } from "../components/frame.js";
import { GivingUp } from "../components/giving_up.js";
import { RegisterForm } from "../components/register_form.js";
import { gettext } from "../i18n.js";
import { explain } from "../problems.js";
import { describeStatus } from "../registration.js";
import { describeSales } from "../sales.js";
import { html, show, useEffect, useState } from "../view.js";

const ID = location.pathname.split("/")[2];

async function load() {
  const mine = `/registrations/?event=${ID}&user=${boot.user?.id}`;
  const [event, types, questions, registrations] = await Promise.all([
    get(`/events/${ID}/`),
    getAll(`/ticket-types/?event=${ID}`),
    getAll(`/questions/?event=${ID}`),
    boot.user ? getAll(mine) : [],
  ]);
  const registration = registrations.find((one) => one.status !== "cancelled") ?? null;
  const open = types.filter((type) => type.visibility === "public");
  return { event, types: open, questions, registration };
}

const NEXT_STEPS = {
  confirmed: () => "",
  pending: () => gettext("The organiser looks at your registration. Your ticket appears here then."),
  waitlisted: () => gettext("You move up when somebody cancels. Your ticket appears here then."),
};

function Place({ registration, onDone }) {
  const [words, colour] = describeStatus(registration);
  const place = gettext("Number {position} on the waitlist", { position: registration.position });
  const step = NEXT_STEPS[registration.status]();
  return html`
    <section class="card" aria-labelledby="place">
      <h2 id="place">${gettext("Your place")}</h2>
      <p><span class=${`tag ${colour}`}>${registration.position ? place : words}</span></p>
      ${step && html`<p>${step}</p>`}
      ${registration.status === "confirmed" &&
      html`<a class="button primary wide" href=${`/tickets/${registration.id}/`}>
        ${gettext("Show my ticket")}
      </a>`}
      <${GivingUp} registration=${registration} onDone=${onDone} />
    </section>
  `;
}

function Registering({ event, types, questions, onRegistered }) {
  const { state, text } = describeSales(event);
  const isOpen = state === "open" || state === "waitlist";
  const label = state === "waitlist" ? gettext("Join the waitlist") : gettext("Register");
  return html`
    <section class="card" aria-labelledby="registering">
      <h2 id="registering">${gettext("Registration")}</h2>
      ${text && html`<p>${text}</p>`}
      ${isOpen && !boot.user &&
      html`<a class="button primary wide" href=${signInAddress()}>
        ${gettext("Sign in to register")}
      </a>`}
      ${isOpen && boot.user &&
      html`<${RegisterForm} event=${event} types=${types} questions=${questions} label=${label}
        onRegistered=${onRegistered} />`}
    </section>
  `;
}

const DONE = {
  cancelled: () => gettext("Your registration is cancelled."),
  transferred: () => gettext("Your ticket is passed on."),
};

function Event() {
  const [found, setFound] = useState(null);
  const [problem, setProblem] = useState(null);
  const [done, setDone] = useState("");
  const reload = () => load().then(setFound, setProblem);
  useEffect(() => void reload(), []);
  function registered(registration) {
    if (registration.status === "confirmed") location.assign(`/tickets/${registration.id}/`);
    else reload();
  }
  async function gaveUp(what) {
    await reload();
    setDone(DONE[what]());
  }
  const event = found?.event;
  return html`
    <${Frame} title=${event?.name ?? gettext("Event")}>
      ${problem && html`<p class="notice bad" role="alert">${explain(problem)}</p>`}
      ${!event && !problem && html`<p class="quiet" role="status">${gettext("Loading …")}</p>`}
      ${event &&
      html`<h1>${event.name}</h1>
        <${EventFacts} event=${event} />
        ${event.status === "cancelled" &&
        html`<p class="notice bad">${gettext("This event is cancelled.")}</p>`}
        <div role="status">${done && html`<p class="notice good">${done}</p>`}</div>
        ${found.registration
          ? html`<${Place} registration=${found.registration} onDone=${gaveUp} />`
          : html`<${Registering} ...${found} onRegistered=${registered} />`}
        ${event.description && html`<p class="prose">${event.description}</p>`}`}
    <//>
  `;
}

show(html`<${Event} />`);
