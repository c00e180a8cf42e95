/**
 * The server's clock, as far as this device knows it: codes are made for the server's time.
 *
 * What is kept is the difference to the device's own clock, which goes on while the device sleeps.
 */

/** An older measurement says little about a clock that people may set: a day, in milliseconds. */
const TRUSTED_FOR_MS = 24 * 3600 * 1000;
/** Clocks are adjusted by a little all the time; a device that went back further was set. */
const SET_BACK_MS = 2_000;

/** @typedef {{offsetMs: number, measuredAtMs: number}} Measurement  of the device's own clock */

export class ServerClock {
  /** @param {Measurement|null} [measured] an earlier measurement, from storage */
  constructor(measured = null) {
    this.measured = measured;
  }

  /**
   * Learn from a call that told the server's time; half of its duration is the error at most.
   *
   * @param {string} serverTime RFC 3339
   * @param {number} sentMs the device's clock when the call was sent
   * @param {number} answeredMs the device's clock when the answer came
   */
  learn(serverTime, sentMs, answeredMs) {
    const offsetMs = Date.parse(serverTime) - (sentMs + answeredMs) / 2;
    this.measured = { offsetMs, measuredAtMs: answeredMs };
  }

  /** The server's time in Unix milliseconds, to the best of this device's knowledge. */
  now() {
    return Date.now() + (this.measured?.offsetMs ?? 0);
  }

  /** Whether that knowledge is worth something: measured within a day, and the clock not set back. */
  get isKnown() {
    if (!this.measured) return false;
    const ageMs = Date.now() - this.measured.measuredAtMs;
    return ageMs > -SET_BACK_MS && ageMs < TRUSTED_FOR_MS;
  }
}
