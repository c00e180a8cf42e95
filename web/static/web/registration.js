/** What may be done with a registration, and how its state is said. */

import { gettext, formatDay } from "./i18n.js";

/** By status: the words and the colour of their tag. */
const STATUSES = {
  confirmed: () => [gettext("You have a place"), "good"],
  pending: () => [gettext("Waiting for approval"), "warn"],
  waitlisted: () => [gettext("On the waitlist"), "warn"],
  cancelled: () => [gettext("Cancelled"), "off"],
};

/** @returns {[string, string]} words and colour for a registration's status */
export function describeStatus(registration) {
  return STATUSES[registration.status]();
}

/**
 * What somebody without a registration finds.
 *
 * @returns {{state: "open"|"waitlist"|"full"|"soon"|"closed", text: string}}
 */
export function describeSales(event, nowMs = Date.now()) {
  const closesAt = event.registration_closes_at ?? event.ends_at;
  if (event.status !== "published" || nowMs >= Date.parse(closesAt)) {
    return { state: "closed", text: gettext("Registration is closed.") };
  }
  if (event.registration_opens_at && nowMs < Date.parse(event.registration_opens_at)) {
    const moment = formatDay(event.registration_opens_at, event.time_zone);
    return { state: "soon", text: gettext("Registration opens {moment}.", { moment }) };
  }
  if (event.seats_left === null || event.seats_left > 0) return { state: "open", text: "" };
  return event.waitlist_enabled
    ? { state: "waitlist", text: gettext("Every place is taken. You can join the waitlist.") }
    : { state: "full", text: gettext("Every place is taken.") };
}
