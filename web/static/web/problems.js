/** What a refusal of the server means to people, in their language. */

import { gettext } from "./i18n.js";

/** By the code of the problem; where a code is not here, the server's own sentence is shown. */
const SENTENCES = {
  offline: () => gettext("There is no connection to the server. Check your network and try again."),
  timeout: () => gettext("The server takes too long. Try again in a moment."),
  bad_answer: () => gettext("The server cannot answer just now. Try again in a moment."),
  throttled: () => gettext("That was a little fast. Wait a moment and try again."),
  not_authenticated: () => gettext("You are not signed in any more. Sign in and try again."),
  csrf_failed: () => gettext("This page is out of date. Reload it and try again."),
  not_found: () => gettext("There is nothing here, or it belongs to another account."),
  wrong_credentials: () => gettext("The e-mail or the password is wrong."),
  email_taken: () => gettext("There is an account with this e-mail already. Sign in instead."),
  event_full: () => gettext("Every place is taken."),
  ticket_type_full: () => gettext("Every place of this kind is taken."),
  already_registered: () => gettext("You are registered already."),
  registration_closed: () => gettext("Registration is closed."),
  event_not_published: () => gettext("This event takes no registrations."),
  already_cancelled: () => gettext("This registration is cancelled already."),
  no_seat_to_transfer: () => gettext("A place on the waitlist cannot be passed on."),
  google_wallet_needs_sha1: () =>
    gettext("This event's codes are of a kind that Google Wallet cannot make. Show them here."),
  claim_link_invalid: () => gettext("This link is not complete. Open it exactly as it was sent."),
  claim_link_expired: () => gettext("This link is too old. Ask the organiser for a new one."),
  claim_for_another_email: () =>
    gettext("This link was sent to another e-mail. Sign in with the account that has it."),
};

const FIELD_SENTENCES = {
  required: () => gettext("Please fill this in."),
  blank: () => gettext("Please fill this in."),
};

/**
 * @param {import("./api.js").Problem} problem
 * @returns {string} a sentence
 */
export function explain(problem) {
  const code = problem.status >= 500 ? "bad_answer" : problem.code;
  return SENTENCES[code]?.() ?? problem.message;
}

/**
 * @param {import("./api.js").Problem|null} problem
 * @returns {Object<string, string>} a sentence for each field that is wrong, by its pointer
 */
export function fieldErrors(problem) {
  const errors = problem?.document.errors ?? [];
  return Object.fromEntries(
    errors.map(({ pointer, code, detail }) => [pointer, FIELD_SENTENCES[code]?.() ?? detail]),
  );
}
