/** How the state of a registration is said. */

import { gettext } from "./i18n.js";

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
