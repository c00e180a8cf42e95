/** The server's clock at the gate: kept over a reload, and not led astray by a clock that is set. */

import { ServerClock } from "../clock.js";

const KEPT = "gate.clock";
/** Milliseconds that clocks drift apart by themselves between two measurements. */
const DRIFT_MS = 2_000;

export class GateClock extends ServerClock {
  constructor() {
    super(JSON.parse(localStorage.getItem(KEPT)));
  }

  learn(serverTime, sentMs, answeredMs) {
    super.learn(serverTime, sentMs, answeredMs);
    this.counter = { serverMs: this.measured.offsetMs + answeredMs, atMs: performance.now() };
    localStorage.setItem(KEPT, JSON.stringify(this.measured));
  }

  /** The server's time in Unix milliseconds. */
  now() {
    const byClock = super.now();
    if (!this.counter) return byClock;
    // The counter never goes back, so a clock that fell behind it was set; it may only pause.
    const byCounter = this.counter.serverMs + performance.now() - this.counter.atMs;
    return byClock < byCounter - DRIFT_MS ? byCounter : byClock;
  }
}
