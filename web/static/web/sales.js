/** Whether an event takes registrations now, and how that is said. */

import { formatDay, gettext } from "./i18n.js";

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
