/** The text of a ticket's QR code, as far as a gate reads it without asking the server. */

/** `TM1`, two ids of 26 characters of base32, a code of 6 to 8 digits. */
const TICKET = /^TM1[A-Z2-7]{52}\d{6,8}$/;
const EVENT_STARTS = 29;
const CODE_STARTS = 55;
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** Whether a text may be a ticket at all; anything else is told so at once, without a request. */
export function isTicket(text) {
  return TICKET.test(text);
}

/** What stays the same of a ticket while its code changes: whose it is, and for which event. */
export function ticketOf(text) {
  return isTicket(text) ? text.slice(0, CODE_STARTS) : text;
}

/** Whether a ticket is for that event, by its id; told without a network as well. */
export function isForEvent(text, eventId) {
  return text.slice(EVENT_STARTS, CODE_STARTS) === idToBase32(eventId);
}

/** @returns {string} a UUID as 26 characters, as `otphandler/payload.py` writes it (RFC 4648 §6) */
export function idToBase32(id) {
  const bits = id.replaceAll("-", "").replace(/./g, (digit) => nibble(digit)).padEnd(130, "0");
  return bits.replace(/.{5}/g, (five) => ALPHABET[parseInt(five, 2)]);
}

const nibble = (digit) => parseInt(digit, 16).toString(2).padStart(4, "0");
