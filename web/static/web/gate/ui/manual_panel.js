/** Without a QR code: a guest is found by name, then by their code, or let in by hand. */

import { Dialog } from "../../components/dialog.js";
import { gettext } from "../../i18n.js";
import { html, useEffect, useId, useState } from "../../view.js";
import { isTicket } from "../payload.js";

/** As the server wants it; fewer letters would list everybody. */
const MIN_LETTERS = 3;
/** Milliseconds after the last key. */
const TYPING_PAUSE_MS = 250;

const lettersIn = (text) => (text.match(/[\p{L}\p{N}]/gu) ?? []).length;

export default function ManualPanel({ gate, state, onClose }) {
  const [text, setText] = useState("");
  const [guest, setGuest] = useState(null);
  const field = useId();
  function submit(event) {
    event.preventDefault();
    if (isTicket(text.trim().toUpperCase())) gate.scan(text.trim().toUpperCase());
  }
  return html`
    <${Dialog} title=${gettext("Without a QR code")} onClose=${onClose}>
      ${guest
        ? html`<${Guest} gate=${gate} state=${state} guest=${guest} onBack=${() => setGuest(null)} />`
        : html`<form class="stack" onSubmit=${submit}>
            <div class="field">
              <label for=${field}>${gettext("Name, e-mail, reference, or the ticket's text")}</label>
              <input
                id=${field} type="search" autocomplete="off" spellcheck=${false} autofocus
                value=${text} onInput=${(event) => setText(event.target.value)}
              />
            </div>
            <${Found} gate=${gate} text=${text.trim()} onPick=${setGuest} />
          </form>`}
    <//>
  `;
}

function useSearch(gate, text) {
  const [answer, setAnswer] = useState({ guests: null, problem: null });
  useEffect(() => {
    let isStale = false;
    setAnswer({ guests: null, problem: null });
    if (lettersIn(text) < MIN_LETTERS || isTicket(text.toUpperCase())) return undefined;
    const timer = setTimeout(async () => {
      const found = await gate.search(text).then(
        (guests) => ({ guests, problem: null }),
        (problem) => ({ guests: null, problem }),
      );
      if (!isStale) setAnswer(found);
    }, TYPING_PAUSE_MS);
    return () => {
      isStale = true;
      clearTimeout(timer);
    };
  }, [text]);
  return answer;
}

function Found({ gate, text, onPick }) {
  const { guests, problem } = useSearch(gate, text);
  if (isTicket(text.toUpperCase())) {
    return html`<button class="primary">${gettext("Check this ticket")}</button>`;
  }
  return html`
    <div aria-live="polite">
      ${lettersIn(text) < MIN_LETTERS && html`<p class="quiet">${gettext("Type 3 letters or more.")}</p>`}
      ${problem && html`<p class="error">${searchFailed(problem)}</p>`}
      ${guests?.length === 0 && html`<p>${gettext("Nobody is registered under that name.")}</p>`}
    </div>
    <ul class="gate-guests">
      ${guests?.map((guest) => html`<li key=${guest.registration}>
        <button type="button" onClick=${() => onPick(guest)}>
          <span><strong>${guest.full_name}</strong><br /><span class="small">${guest.email} · ${guest.reference}</span></span>
          <span class="small">${statusOf(guest)}</span>
        </button>
      </li>`)}
    </ul>
  `;
}

function searchFailed(problem) {
  return problem.status === 0 || problem.status >= 500
    ? gettext("Names are looked up on the server, and there is no connection.")
    : problem.message;
}

function statusOf(guest) {
  if (guest.inside) return gettext("inside");
  if (guest.entries) return gettext("was inside");
  return {
    pending: gettext("not confirmed"),
    confirmed: gettext("expected"),
    waitlisted: gettext("on the waitlist"),
    cancelled: gettext("cancelled"),
  }[guest.status];
}

function Guest({ gate, state, guest, onBack }) {
  return html`
    <div class="stack">
      <p>
        <strong class="gate-guest-name">${guest.full_name}</strong><br />
        ${guest.email} · ${guest.reference} · ${statusOf(guest)}
      </p>
      <${TypedCode} gate=${gate} guest=${guest} />
      ${state.me.may_override && guest.status === "confirmed"
        ? html`<${Override} gate=${gate} guest=${guest} />`
        : html`<p class="quiet small">${gettext("Without a code, a manager admits this guest.")}</p>`}
      <button type="button" onClick=${onBack}>${gettext("Another guest")}</button>
    </div>
  `;
}

function TypedCode({ gate, guest }) {
  const [code, setCode] = useState("");
  const { digits } = gate.state.me;
  const field = useId();
  function submit(event) {
    event.preventDefault();
    gate.scanByHand(guest, code);
  }
  return html`
    <form class="stack" onSubmit=${submit}>
      <div class="field">
        <label for=${field}>${gettext("The code on their ticket")}</label>
        <input
          id=${field} inputmode="numeric" autocomplete="off" maxlength=${8} value=${code}
          onInput=${(event) => setCode(event.target.value.replace(/\D/g, ""))}
        />
      </div>
      <button class="primary" disabled=${code.length < Math.min(6, digits)}>${gettext("Check this code")}</button>
    </form>
  `;
}

function Override({ gate, guest }) {
  const [reason, setReason] = useState("");
  const [problem, setProblem] = useState(null);
  const field = useId();
  function submit(event) {
    event.preventDefault();
    gate.override(guest, reason.trim()).catch(setProblem);
  }
  return html`
    <form class="stack" onSubmit=${submit}>
      <div class="field">
        <label for=${field}>${gettext("Why without a code?")}</label>
        <input id=${field} maxlength=${500} value=${reason} onInput=${(event) => setReason(event.target.value)} />
      </div>
      ${problem && html`<p class="error" role="alert">${gettext("That was not done: {reason}", { reason: problem.message })}</p>`}
      <button disabled=${!reason.trim()}>${gettext("Admit by hand")}</button>
    </form>
  `;
}
