/**
 * USB and Bluetooth scanners: they type what they read, faster than any hand, and end with Enter.
 *
 * Heard anywhere on the page, whatever has the focus.
 */

import { isTicket } from "./payload.js";

/** Milliseconds after which a key begins something new, however slow the computer is. */
const PAUSE_MS = 500;
/** Milliseconds between two keys of a scanner; the quickest typists need twice as long. */
const BURST_GAP_MS = 40;
/** Shorter bursts are hands that fell on a keyboard. */
const MIN_LENGTH = 8;

/**
 * @param {(text: string) => void} onScan
 * @returns {() => void} what ends the listening
 */
export function listenForScanner(onScan) {
  let text = "";
  let lastMs = 0;
  let isFast = true;

  function take(key, atMs) {
    const gapMs = atMs - lastMs;
    const goesOn = text && gapMs <= PAUSE_MS;
    isFast = goesOn ? isFast && gapMs <= BURST_GAP_MS : true;
    text = goesOn ? text + key : key;
    lastMs = atMs;
  }

  function hear(event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key.length === 1) take(event.key, event.timeStamp);
    if (event.key !== "Enter") return;
    // With Caps Lock on, a scanner types small letters; the code has none.
    const scanned = text.toUpperCase();
    // Nobody types a whole ticket by hand and means something else.
    if (isTicket(scanned) || (isFast && text.length >= MIN_LENGTH)) {
      // Neither the button nor the form that has the focus is meant.
      event.preventDefault();
      event.stopPropagation();
      takeOut(event.target, text);
      onScan(scanned);
    }
    text = "";
  }

  document.addEventListener("keydown", hear, true);
  return () => document.removeEventListener("keydown", hear, true);
}

/** Take what the scanner typed into a field out of it again. */
function takeOut(field, text) {
  if (!(field instanceof HTMLInputElement) || !field.value.endsWith(text)) return;
  field.value = field.value.slice(0, -text.length);
  field.dispatchEvent(new Event("input", { bubbles: true }));
}
