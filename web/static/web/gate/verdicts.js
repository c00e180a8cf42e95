/** What an answer means to the people at a gate: a colour, a sign, a word, and a reason. */

import { formatTime, gettext } from "../i18n.js";

/**
 * @typedef {"admit"|"exit"|"already"|"no"|"saved"} Kind
 * @typedef {{kind: Kind, outcome: string, name: string, reason: string, notes: string[]}} Verdict
 */

/** The word of a verdict, which nobody has to look twice at. */
export function wordOf(kind) {
  return {
    admit: gettext("ADMIT"),
    exit: gettext("EXIT"),
    already: gettext("ALREADY IN"),
    no: gettext("NO"),
    saved: gettext("SAVED, NOT VERIFIED"),
  }[kind];
}

/** Why somebody may not pass, in words that one can say to them. */
function reasonOf(document) {
  const reasons = {
    wrong_code: gettext("The code is wrong or too old. Ask for the current one."),
    not_registered: gettext("Not registered for this event."),
    not_confirmed: gettext("The registration is not confirmed."),
    cancelled: gettext("The registration was cancelled."),
    event_cancelled: gettext("The event was cancelled."),
    admission_closed: gettext("The doors are closed."),
    not_inside: gettext("Nobody is inside on this ticket."),
    code_reused: gettext("This code was used. Wait for the next one."),
    not_a_ticket: gettext("This is no ticket of ours."),
    not_kept: gettext("No answer, and this browser keeps nothing. Write the name down."),
    override_not_allowed: gettext("This device may not admit by hand."),
  };
  return reasons[document.code] ?? document.detail ?? document.title ?? document.code;
}

/** @returns {Verdict} of a scan that the server let pass */
export function passed(answer) {
  const kind = answer.direction === "exit" ? "exit" : "admit";
  const notes = answer.attention_notes ?? [];
  return { kind, outcome: answer.outcome, name: answer.attendee.full_name, reason: "", notes };
}

/** @returns {Verdict} of a refusal, by its problem document; times are told on the event's clocks */
export function refused(document, timeZone) {
  const name = document.attendee?.full_name ?? "";
  const notes = document.attention_notes ?? [];
  const verdict = { kind: "no", outcome: document.code, name, reason: reasonOf(document), notes };
  if (document.code === "already_admitted") return { ...verdict, ...firstTime(document, timeZone) };
  if (document.code === "wrong_event") verdict.reason = otherEvent(document.event?.name);
  return verdict;
}

function firstTime(document, timeZone) {
  const time = formatTime(document.first_admitted_at, timeZone);
  const gate = document.gate?.name;
  const reason = gate
    ? gettext("First at {time}, {gate}", { time, gate })
    : gettext("First at {time}", { time });
  return { kind: "already", reason };
}

function otherEvent(name) {
  return name
    ? gettext("This ticket is for {event}.", { event: name })
    : gettext("This ticket is for another event.");
}

/** @returns {Verdict} of a scan that nobody has decided yet */
export function saved(problem, seenAt) {
  const reason =
    problem.code === "throttled"
      ? gettext("Too many wrong codes. Wait {seconds} s, then scan again.", {
          seconds: problem.retryAfterS ?? 30,
        })
      : gettext("No answer from the server. The scan is kept and checked later.");
  const again = seenAt ? gettext("This ticket was scanned here at {time}.", { time: seenAt }) : "";
  return { kind: "saved", outcome: "saved", name: "", reason, notes: again ? [again] : [] };
}
