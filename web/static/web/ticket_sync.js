/** Keeping a ticket of this device in step with the server's: fetched once, then looked after. */

import { Problem, get, post } from "./api.js";
import { boot } from "./boot.js";
import { ServerClock } from "./clock.js";
import { importKey } from "./totp.js";
import * as wallet from "./wallet.js";

/** The server answers one of these when a ticket is no longer this person's, or no ticket at all. */
const GONE = new Set(["not_found", "registration_not_confirmed"]);

/** Fetch the secret and turn it into a key at once; its text is not kept anywhere. */
async function fetchSecret(id) {
  const sentMs = Date.now();
  const { secret, algorithm, payload_prefix, digits, period_s, version, server_time } = await post(
    `/registrations/${id}/ticket/secret/`,
  );
  const clock = new ServerClock();
  clock.learn(server_time, sentMs, Date.now());
  const key = await importKey(secret, algorithm);
  return { key, prefix: payload_prefix, digits, period_s, version, clock: clock.measured };
}

async function fetchAttendance(id) {
  const sentMs = Date.now();
  const attendance = await get(`/registrations/${id}/ticket/`);
  if (attendance.revoked_at) throw new Problem({ status: 409, code: "registration_not_confirmed" });
  const clock = new ServerClock();
  clock.learn(attendance.server_time, sentMs, Date.now());
  return { attendance, clock: clock.measured };
}

/** Make the ticket of a device that has none: the code can be shown before its event is known. */
export async function fetchTicket(id) {
  const secret = await fetchSecret(id);
  return { id, user: boot.user.id, holder: boot.user.full_name, ...secret };
}

/** Ask what became of the ticket; one whose secret was replaced gets the new one. */
export async function refresh(ticket) {
  const fresh = { ...ticket, ...(await fetchAttendance(ticket.id)) };
  if (fresh.attendance.version === ticket.version) return fresh;
  return { ...fresh, ...(await fetchSecret(ticket.id)) };
}

/** Registration, event and the name of its kind, as they are shown beside the code. */
export async function fetchDetails(id) {
  const registration = await get(`/registrations/${id}/`);
  const type = registration.ticket_type;
  const [event, kind] = await Promise.all([
    get(`/events/${registration.event}/`),
    // A kind that managers alone give out is not to be read by its holder.
    type ? get(`/ticket-types/${type}/`).catch(() => null) : null,
  ]);
  return { registration, event, kind: kind?.name ?? "" };
}

/** Whether a problem says that the ticket of this device is dead; then it is forgotten. */
export async function forgetIfGone(id, problem) {
  if (!GONE.has(problem.code)) return false;
  await wallet.drop(id);
  return true;
}
