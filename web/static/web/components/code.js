/** The code of the moment: as a QR code, in digits, and how long it is still good. */

import { gettext } from "../i18n.js";
import { codeAt, stepAt } from "../totp.js";
import { html, useEffect, useState } from "../view.js";
import { QrCode } from "./qr_code.js";

/** In the last seconds it is worth waiting for the next code. */
const ENDING_S = 5;
/** How often the ring moves, in milliseconds. */
const TICK_MS = 250;
/** The ring's radius in its own units; its circumference is what the seconds are a part of. */
const RADIUS = 16;
const AROUND = 2 * Math.PI * RADIUS;

/**
 * The code of the server's present step, null while there is none to show.
 *
 * It goes when the page is hidden: a device that wakes up would otherwise show an expired code until
 * its scripts run again.
 */
function useCode({ key, digits, period_s }, clock) {
  const [code, setCode] = useState(/** @type {string|null} */ (null));
  useEffect(() => {
    let timer;
    let ended = false;
    async function change() {
      clearTimeout(timer);
      if (document.hidden) return setCode(null);
      const step = stepAt(clock.now(), period_s);
      const made = await codeAt(key, step, digits);
      if (ended || document.hidden) return;
      if (stepAt(clock.now(), period_s) !== step) return change();
      setCode(made);
      timer = setTimeout(change, (step + 1) * period_s * 1000 - clock.now());
    }
    change();
    document.addEventListener("visibilitychange", change);
    return () => {
      ended = true;
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", change);
    };
  }, [key, digits, period_s, clock.measured?.offsetMs]);
  return code;
}

function useSecondsLeft(periodS, clock) {
  const left = () => periodS - ((clock.now() / 1000) % periodS);
  const [seconds, setSeconds] = useState(left);
  useEffect(() => {
    const timer = setInterval(() => setSeconds(left()), TICK_MS);
    return () => clearInterval(timer);
  }, [periodS, clock.measured?.offsetMs]);
  return seconds;
}

function Ring({ periodS, clock }) {
  const seconds = useSecondsLeft(periodS, clock);
  const ending = seconds < ENDING_S ? "ending" : "";
  return html`
    <svg class=${`ring ${ending}`} viewBox="0 0 40 40" aria-hidden="true">
      <circle class="track" cx="20" cy="20" r=${RADIUS} />
      <circle class="left" cx="20" cy="20" r=${RADIUS} stroke-dasharray=${AROUND}
        stroke-dashoffset=${AROUND * (1 - seconds / periodS)} />
      <text x="20" y="21">${Math.ceil(seconds)}</text>
    </svg>
  `;
}

/** "123 456", "1234 5678": as people read it out. */
function grouped(code) {
  const half = Math.ceil(code.length / 2);
  return `${code.slice(0, half)} ${code.slice(half)}`;
}

/**
 * @param {{ticket: import("../wallet.js").StoredTicket, clock: import("../clock.js").ServerClock}} props
 */
export function Code({ ticket, clock }) {
  const code = useCode(ticket, clock);
  return html`
    <div class="code">
      <div class="qr-ground">
        ${code && html`<${QrCode} text=${ticket.prefix + code} label=${gettext("QR code of your ticket")} />`}
      </div>
      <div class="row">
        <p class="digits">
          <span class="visually-hidden">${gettext("Code")} ${code?.split("").join(" ")}</span>
          <span aria-hidden="true">${code ? grouped(code) : "––– –––"}</span>
        </p>
        <${Ring} periodS=${ticket.period_s} clock=${clock} />
      </div>
    </div>
  `;
}
