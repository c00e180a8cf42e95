/**
 * What the camera has seen lately: a ticket that stays in view is one scan, not thirty a second.
 *
 * A ticket is recognised by its holder and event, for its code changes while it is held there: the
 * next code of somebody who was let in is no second person.
 */

import { ticketOf } from "./payload.js";

/** A ticket that was out of view for this many milliseconds is shown anew. */
const FORGET_MS = 3_000;
/** After these a new code on the same screen is worth another try, at once. */
const ANOTHER_CODE_MAY_HELP = new Set(["wrong_code", "code_reused", "throttled"]);

export class Sightings {
  constructor() {
    /** @type {Map<string, {text: string, atMs: number, outcome: string|null}>} */
    this.seen = new Map();
  }

  /** Note that a text is in view at that moment; return whether it is to be scanned. */
  isNew(text, nowMs) {
    const ticket = ticketOf(text);
    const before = this.seen.get(ticket);
    const isNew =
      !before ||
      nowMs - before.atMs >= FORGET_MS ||
      (before.text !== text && ANOTHER_CODE_MAY_HELP.has(before.outcome));
    if (isNew) this.seen.set(ticket, { text, atMs: nowMs, outcome: null });
    else before.atMs = nowMs;
    this.forgetOld(nowMs);
    return isNew;
  }

  /** Note what the scan of a text came to. */
  settle(text, outcome) {
    const sighting = this.seen.get(ticketOf(text));
    if (sighting?.text === text) sighting.outcome = outcome;
  }

  forgetOld(nowMs) {
    for (const [ticket, { atMs }] of this.seen) {
      if (nowMs - atMs >= FORGET_MS) this.seen.delete(ticket);
    }
  }
}
