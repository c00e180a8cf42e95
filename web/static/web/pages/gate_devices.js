/** For managers: the gates of an event, the devices at them, and pairing another one. */

import { get, getAll, patch, post } from "../api.js";
import { boot } from "../boot.js";
import { Field, FormError, useSubmit } from "../components/form.js";
import { Frame, signInAddress } from "../components/frame.js";
import { QrCode } from "../components/qr_code.js";
import { formatDay, formatTime, gettext, ngettext } from "../i18n.js";
import { html, show, useEffect, useState } from "../view.js";

/** How often the devices' last words are asked for, in milliseconds. */
const LOOK_EVERY_MS = 5_000;
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

function Devices() {
  const [eventId, setEventId] = useState(new URLSearchParams(location.search).get("event"));
  useEffect(() => {
    const follow = () => setEventId(new URLSearchParams(location.search).get("event"));
    addEventListener("popstate", follow);
    return () => removeEventListener("popstate", follow);
  }, []);
  function choose(id) {
    history.pushState(null, "", `?event=${id}`);
    setEventId(id);
  }
  if (!boot.user) {
    return html`<${Frame} title=${gettext("Gates and devices")}>
      <h1>${gettext("Gates and devices")}</h1>
      <p class="notice">${gettext("Sign in as a manager of the event first.")}</p>
      <a class="button primary" href=${signInAddress()}>${gettext("Sign in")}</a>
    <//>`;
  }
  return eventId
    ? html`<${EventDevices} key=${eventId} eventId=${eventId} />`
    : html`<${ChooseEvent} onChoose=${choose} />`;
}

function ChooseEvent({ onChoose }) {
  const [events, setEvents] = useState(null);
  useEffect(() => void getAll("/events/?managed=true&ordering=-starts_at").then(setEvents), []);
  return html`
    <${Frame} title=${gettext("Gates and devices")}>
      <h1>${gettext("Gates and devices")}</h1>
      ${events?.length === 0 && html`<p>${gettext("You manage no event.")}</p>`}
      <ul class="stack">
        ${events?.map((event) => html`<li key=${event.id}>
          <button type="button" class="wide" onClick=${() => onChoose(event.id)}>
            ${event.name} · ${formatDay(event.starts_at, event.time_zone)}
          </button>
        </li>`)}
      </ul>
    <//>
  `;
}

async function load(eventId) {
  const [event, gates, scanners] = await Promise.all([
    get(`/events/${eventId}/`),
    getAll(`/gates/?event=${eventId}`),
    getAll(`/scanners/?event=${eventId}`),
  ]);
  return { event, gates, scanners };
}

function EventDevices({ eventId }) {
  const [found, setFound] = useState(null);
  const [problem, setProblem] = useState(null);
  const [pairing, setPairing] = useState(null);
  const refresh = () => load(eventId).then(setFound, setProblem);
  useEffect(() => {
    refresh();
    const timer = setInterval(() => document.hidden || refresh(), LOOK_EVERY_MS);
    return () => clearInterval(timer);
  }, [eventId]);
  async function pair(scanner) {
    setPairing({ scanner, link: await post(`/scanners/${scanner.id}/pairing/`) });
  }
  const title = gettext("Gates and devices");
  if (!found) return html`<${Frame} title=${title}><${FormError} problem=${problem} /><//>`;
  const present = pairing && found.scanners.find(({ id }) => id === pairing.scanner.id);
  return html`
    <${Frame} title=${title}>
      <h1>${found.event.name}</h1>
      <h2>${title}</h2>
      ${found.gates.map((gate) => html`<${GateCard}
        key=${gate.id} gate=${gate} onPair=${pair} onChange=${refresh}
        scanners=${found.scanners.filter((scanner) => scanner.gate === gate.id)}
      />`)}
      <${OneField}
        label=${gettext("Another gate")} button=${gettext("Add gate")}
        onSubmit=${(name) => post("/gates/", { event: eventId, name }).then(refresh)}
      />
      ${pairing &&
      html`<${Link} pairing=${pairing} scanner=${present} onAgain=${() => pair(pairing.scanner)} onClose=${() => setPairing(null)} />`}
    <//>
  `;
}

function GateCard({ gate, scanners, onPair, onChange }) {
  const inService = scanners.filter((scanner) => !scanner.revoked_at);
  async function add(name) {
    const scanner = await post("/scanners/", { gate: gate.id, name });
    await onChange();
    await onPair(scanner);
  }
  return html`
    <section class="card" aria-label=${gate.name}>
      <h3>${gate.name}</h3>
      ${inService.length === 0 && html`<p class="quiet">${gettext("No device yet.")}</p>`}
      <ul class="stack">
        ${inService.map((scanner) => html`<${Device} key=${scanner.id} scanner=${scanner} onPair=${onPair} onChange=${onChange} />`)}
      </ul>
      <${OneField} label=${gettext("Another device, by a name")} button=${gettext("Add and pair")} onSubmit=${add} />
    </section>
  `;
}

function lastSeen(scanner) {
  if (!scanner.paired_at && !scanner.last_seen_at) return gettext("never paired");
  if (!scanner.last_seen_at) return gettext("never seen");
  return gettext("seen {time}", { time: formatDay(scanner.last_seen_at, zone) });
}

function Device({ scanner, onPair, onChange }) {
  const [isAsking, setAsking] = useState(false);
  const waiting = scanner.queue_length;
  const permit = (event) =>
    patch(`/scanners/${scanner.id}/`, { may_override: event.target.checked }).then(onChange);
  return html`
    <li class="tight device">
      <p><strong>${scanner.name}</strong> <span class="quiet small">${lastSeen(scanner)}</span>
        ${waiting > 0 && html`${" "}<span class="tag warn">${ngettext("{count} scan waits", "{count} scans wait", waiting)}</span>`}
      </p>
      <label class="choice">
        <input type="checkbox" checked=${scanner.may_override} onChange=${permit} />
        ${gettext("May admit by hand, with a reason")}
      </label>
      <div class="row">
        <button type="button" onClick=${() => onPair(scanner)}>${gettext("Show pairing code")}</button>
        ${isAsking
          ? html`<button type="button" class="danger" onClick=${() => post(`/scanners/${scanner.id}/revoke/`).then(onChange)}>
                ${gettext("Revoke for good")}
              </button>
              <button type="button" onClick=${() => setAsking(false)}>${gettext("Keep")}</button>`
          : html`<button type="button" onClick=${() => setAsking(true)}>${gettext("Revoke")}</button>`}
      </div>
    </li>
  `;
}

/** The QR code of a pairing link; it closes itself once a device has used it. */
function Link({ pairing, scanner, onAgain, onClose }) {
  const { link } = pairing;
  const isUsed = Boolean(scanner?.paired_at) && scanner.paired_at !== pairing.scanner.paired_at;
  const [isOver, setOver] = useState(false);
  useEffect(() => {
    setOver(false);
    const timer = setTimeout(() => setOver(true), Date.parse(link.expires_at) - Date.now());
    return () => clearTimeout(timer);
  }, [link.url]);
  return html`
    <section class="card pairing" aria-label=${gettext("Pairing")}>
      <h2>${gettext("Pair {name}", { name: pairing.scanner.name })}</h2>
      <div aria-live="polite">
        ${isUsed && html`<p class="notice good">${gettext("Paired. The device is ready.")}</p>`}
        ${isOver && !isUsed && html`<p class="notice warn">${gettext("This code is too old.")}</p>`}
      </div>
      ${!isUsed && !isOver &&
      html`<${QrCode} text=${link.url} label=${gettext("Pairing code")} />
        <p>${gettext("Read it with the device's camera app and open the link. It works once, until {time}.", { time: formatTime(link.expires_at, zone) })}</p>
        <p class="small pairing-link"><a href=${link.url}>${link.url}</a></p>`}
      <div class="row">
        <button type="button" onClick=${onAgain}>${gettext("Show a new code")}</button>
        <button type="button" onClick=${onClose}>${gettext("Close")}</button>
      </div>
    </section>
  `;
}

function OneField({ label, button, onSubmit }) {
  const [text, setText] = useState("");
  const { busy, problem, submit, errors } = useSubmit(async () => {
    await onSubmit(text.trim());
    setText("");
  });
  return html`
    <form class="tight" onSubmit=${submit}>
      <${Field}
        label=${label} value=${text} onInput=${setText} error=${errors["#/name"]}
        maxlength=${100} required autocomplete="off"
      />
      <${FormError} problem=${problem} />
      <button disabled=${busy}>${button}</button>
    </form>
  `;
}

show(html`<${Devices} />`);
