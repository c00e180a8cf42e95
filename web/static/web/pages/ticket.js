/** The ticket: a code that the gate reads, and all that one may want to know while queueing. */

import { boot } from "../boot.js";
import { ServerClock } from "../clock.js";
import { Admitted, isUsed } from "../components/admitted.js";
import { Code } from "../components/code.js";
import { EventFacts } from "../components/event_facts.js";
import { Frame, signInAddress } from "../components/frame.js";
import { formatDay, gettext, withTexts } from "../i18n.js";
import { keepPages, useOnline } from "../offline.js";
import { describeStatus } from "../registration.js";
import { fetchDetails, fetchTicket, forgetIfGone, refresh } from "../ticket_sync.js";
import { html, show, useEffect, useMemo, useRef, useState } from "../view.js";
import { useWakeLock } from "../wake_lock.js";
import * as wallet from "../wallet.js";

const ID = location.pathname.split("/")[2];
/** How often the server is asked whether the gate has let one in: near the event, and otherwise. */
const NEAR_MS = 5_000;
const FAR_MS = 60_000;
/** People queue from about two hours before an event, in milliseconds. */
const QUEUEING_MS = 2 * 3600 * 1000;

function pollDelay(event) {
  if (!event) return NEAR_MS;
  const opens = Date.parse(event.admission_opens_at ?? event.starts_at) - QUEUEING_MS;
  const near = Date.now() > opens && Date.now() < Date.parse(event.ends_at);
  return near ? NEAR_MS : FAR_MS;
}

/**
 * The ticket as this device has it, and as the server has it while one can ask.
 *
 * `state` is "loading", "ready" (a code can be shown), "none" (there is no ticket; `details` may say
 * why) or "signed-out".
 */
function useTicket() {
  const [ticket, setTicket] = useState(/** @type {wallet.StoredTicket|null} */ (null));
  const [details, setDetails] = useState(null);
  const [problem, setProblem] = useState(null);
  const [state, setState] = useState("loading");
  const [stored, setStored] = useState(false);
  const known = useRef(null);

  async function keep(changes) {
    known.current = { ...known.current, ...changes };
    setTicket(known.current);
    setState("ready");
    // Without its event, a ticket on the device would be a code for nobody knows what.
    if (!known.current.registration) return;
    await wallet.write(known.current);
    setStored(true);
  }

  async function fail(error) {
    if (error.name !== "Problem") throw error;
    setProblem(error);
    if (await forgetIfGone(ID, error)) {
      known.current = null;
      setDetails(await fetchDetails(ID).catch(() => null));
      setTicket(null);
      setState("none");
    } else if (!known.current) {
      setState(error.code === "not_authenticated" ? "signed-out" : "none");
    }
  }

  /** Ask the server; what it says about the event and about the code comes side by side. */
  async function sync() {
    const asked = known.current ? refresh(known.current) : fetchTicket(ID);
    const code = asked.then(keep).then(() => setProblem(null));
    const about = fetchDetails(ID).then((found) => {
      setDetails(found);
      return code.then(() => keep(found));
    });
    const [first] = (await Promise.allSettled([code, about])).filter((one) => one.reason);
    if (first) await fail(first.reason);
  }

  async function start() {
    if (boot.user) await wallet.keepOnly(boot.user.id);
    const found = await wallet.read(ID);
    if (found) await keep(found);
    await sync();
  }

  async function poll() {
    if (document.hidden || !known.current) return;
    await refresh(known.current).then(keep).then(() => setProblem(null)).catch(fail);
  }

  useEffect(() => void start(), []);
  return { ticket, details, problem, state, stored, poll };
}

/** Look after the ticket while the page is visible, and at once when it becomes so. */
function usePolling(poll, event, paused) {
  useEffect(() => {
    let timer;
    async function next() {
      clearTimeout(timer);
      if (!document.hidden) await poll();
      timer = setTimeout(next, pollDelay(event));
    }
    if (paused) return undefined;
    timer = setTimeout(next, pollDelay(event));
    document.addEventListener("visibilitychange", next);
    addEventListener("online", next);
    return () => {
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", next);
      removeEventListener("online", next);
    };
  }, [event?.id, paused]);
}

function Notices({ online, clock, problem }) {
  const offline = !online || problem?.code === "offline" || problem?.code === "timeout";
  return html`
    <div role="status" class="stack">
      ${offline &&
      html`<p class="notice">${gettext("No network. Your code works all the same.")}</p>`}
      ${!clock.isKnown &&
      html`<p class="notice warn">
        ${gettext(
          "The clock of this phone could not be checked. If the code is refused, go online for a moment, or say your reference at the desk.",
        )}
      </p>`}
      ${problem?.code === "not_authenticated" &&
      html`<p class="notice">
        ${gettext("You are signed out; the code works all the same.")}
        <a href=${signInAddress()}>${gettext("Sign in again")}</a>
      </p>`}
    </div>
  `;
}

function Holder({ ticket }) {
  return html`
    <dl class="facts">
      <div><dt>${gettext("Name")}</dt><dd>${ticket.holder}</dd></div>
      ${ticket.kind && html`<div><dt>${gettext("Kind of ticket")}</dt><dd>${ticket.kind}</dd></div>`}
      ${ticket.registration &&
      html`<div>
        <dt>${gettext("Reference")}</dt>
        <dd class="reference">${ticket.registration.reference}</dd>
      </div>`}
    </dl>
    <p class="quiet small">
      ${gettext("Without a phone, say your name and this reference at the desk.")}
    </p>
  `;
}

/** Said once both are on the device: the page, and the ticket. */
function Kept({ stored }) {
  const [kept, setKept] = useState(false);
  useEffect(() => void keepPages().then(setKept), []);
  const text = kept && stored && gettext("Kept on this phone: it works without a network.");
  return html`<p class="quiet small kept" role="status">${text}</p>`;
}

/** Fetched after the code is there, and only where the server gives out passes. */
function Wallet(props) {
  const [Part, setPart] = useState(null);
  useEffect(() => {
    withTexts(import("../components/google_wallet.js")).then(
      ({ GoogleWallet }) => setPart(() => GoogleWallet),
    );
  }, []);
  return Part && html`<${Part} ...${props} />`;
}

/** Fetched when it is opened: few people cancel, and everybody waits for the code. */
function CannotCome(props) {
  const [GivingUp, setPart] = useState(null);
  async function open() {
    const { GivingUp: part } = await withTexts(import("../components/giving_up.js"));
    setPart(() => part);
  }
  return html`
    <details onToggle=${open}>
      <summary>${gettext("Cannot come?")}</summary>
      ${GivingUp && html`<${GivingUp} ...${props} />`}
    </details>
  `;
}

function Ready({ ticket, clock, online, problem, stored, onDone }) {
  const { event, attendance } = ticket;
  const [again, setAgain] = useState(false);
  const used = isUsed(attendance, event);
  useWakeLock();
  return html`
    <article class="card ticket" aria-labelledby="title">
      <h1 id="title">${event?.name ?? gettext("Your ticket")}</h1>
      ${event && attendance?.entries > 0 &&
      html`<${Admitted} attendance=${attendance} event=${event} big=${used && !again} />`}
      ${!used || again
        ? html`<${Code} ticket=${ticket} clock=${clock} />`
        : html`<button class="plain" onClick=${() => setAgain(true)}>
            ${gettext("Show the code again")}
          </button>`}
      <${Holder} ticket=${ticket} />
    </article>
    <${Notices} online=${online} clock=${clock} problem=${problem} />
    <${Kept} stored=${stored} />
    ${event && html`<section class="card"><${EventFacts} event=${event} /></section>`}
    <a class="button wide" href="/tickets/">${gettext("All my tickets")}</a>
    ${boot.googleWallet && ticket.registration && online && !used &&
    html`<${Wallet} registration=${ticket.registration} />`}
    ${ticket.registration && online && !used &&
    html`<${CannotCome} registration=${ticket.registration} onDone=${onDone} />`}
  `;
}

/** The sentences are fetched when there is something to explain. */
function Explanation({ problem }) {
  const [text, setText] = useState("");
  useEffect(() => {
    withTexts(import("../problems.js")).then(({ explain }) => setText(explain(problem)));
  }, [problem]);
  return html`<p role="alert">${text}</p>`;
}

/** Why there is no code: the registration's own state, or what the server said. */
function None({ details, problem }) {
  const registration = details?.registration;
  const [words, colour] = registration ? describeStatus(registration) : ["", ""];
  const later = problem?.document.available_from;
  const moment = later && details && formatDay(later, details.event.time_zone);
  return html`
    <h1>${details?.event.name ?? gettext("Your ticket")}</h1>
    <div class="card">
      ${registration && !moment && html`<p><span class=${`tag ${colour}`}>${words}</span></p>`}
      ${registration?.position &&
      html`<p>${gettext("Number {position} on the waitlist", { position: registration.position })}</p>`}
      ${moment && html`<p>${gettext("Your code appears here {moment}.", { moment })}</p>`}
      ${!registration && problem && html`<${Explanation} problem=${problem} />`}
      ${details &&
      html`<a class="button wide" href=${`/events/${details.event.id}/`}>${gettext("The event")}</a>`}
      <a class="button wide" href="/tickets/">${gettext("All my tickets")}</a>
    </div>
  `;
}

function Ticket() {
  const { ticket, details, problem, state, stored, poll } = useTicket();
  const online = useOnline();
  const clock = useMemo(() => new ServerClock(), []);
  clock.measured = ticket?.clock ?? null;
  const used = isUsed(ticket?.attendance, ticket?.event);
  usePolling(poll, ticket?.event, state !== "ready" || used);
  const done = () => location.assign("/tickets/");
  useEffect(() => {
    if (state === "signed-out") location.replace(signInAddress());
  }, [state]);
  return html`
    <${Frame} title=${ticket?.event?.name ?? gettext("Your ticket")}>
      ${state === "loading" && html`<p class="quiet" role="status">${gettext("Loading …")}</p>`}
      ${state === "ready" &&
      html`<${Ready} ticket=${ticket} clock=${clock} online=${online} problem=${problem}
        stored=${stored} onDone=${done} />`}
      ${state === "none" && html`<${None} details=${details} problem=${problem} />`}
    <//>
  `;
}

show(html`<${Ticket} />`);
