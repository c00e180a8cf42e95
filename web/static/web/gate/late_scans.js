/**
 * Hands in the scans that the server has not answered.
 *
 * A scan goes in with the body that it was first posted with, so that the server recognises by its
 * `scan_id` what it had recorded although the answer was lost. It is judged by the time it claims.
 */

import { Problem } from "../api.js";
import { call, meansUnpaired } from "./device.js";
import * as store from "./store.js";

/** So many at once are answered in a second or two. */
const BATCH = 50;
const BATCH_TIMEOUT_MS = 15_000;
/** Waits double from the first to the longest, in milliseconds. */
const FIRST_WAIT_MS = 5_000;
const LONGEST_WAIT_MS = 60_000;

/** Waits between attempts, on the counter that no clock change touches; a reload starts anew. */
export class Waits {
  constructor() {
    this.until = new Map();
  }

  isOver(key) {
    return performance.now() >= (this.until.get(key)?.atMs ?? 0);
  }

  extend(key, leastMs = 0) {
    const tries = (this.until.get(key)?.tries ?? 0) + 1;
    const waitMs = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (tries - 1));
    this.until.set(key, { tries, atMs: performance.now() + Math.max(leastMs, waitMs) });
  }

  forget(key) {
    this.until.delete(key);
  }
}

export class LateScans {
  /**
   * @param {{
   *   underWay: Set<string>, onAnswer: (scan: any, result: any) => Promise<void>,
   *   onHeard: () => void, onLost: (problem: Problem) => void,
   * }} gate what is being posted at this moment, and who is told what
   */
  constructor(gate) {
    this.gate = gate;
    this.waits = new Waits();
    this.isBusy = false;
  }

  /** Try everything again at once: the network has come back. */
  hurry() {
    this.waits = new Waits();
  }

  /** Hand in what is due for that event; one at a time, whoever calls. */
  async flush(eventId) {
    if (this.isBusy || !this.waits.isOver("server")) return;
    this.isBusy = true;
    try {
      for (let due = await this.due(eventId); due.length; due = await this.due(eventId)) {
        if (!(await this.handIn(due))) return;
      }
    } finally {
      this.isBusy = false;
    }
  }

  /** The oldest scans that may go now; those for another event wait for a device of that event. */
  async due(eventId) {
    const waiting = await store.all("queue").catch(() => []); // A browser that keeps nothing.
    return waiting
      .filter((scan) => scan.event === eventId && !this.gate.underWay.has(scan.scan_id))
      .filter((scan) => this.waits.isOver(scan.scan_id))
      .sort((a, b) => a.body.scanned_at.localeCompare(b.body.scanned_at))
      .slice(0, BATCH);
  }

  /** @returns {Promise<boolean>} whether the server answered */
  async handIn(scans) {
    try {
      const body = { scans: scans.map((scan) => scan.body) };
      const { data } = await call("POST", "/scans/batch/", { body, timeoutMs: BATCH_TIMEOUT_MS });
      this.waits.forget("server");
      this.gate.onHeard();
      for (const [place, scan] of scans.entries()) await this.take(scan, data.results[place]);
      return true;
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      return this.failed(problem, scans);
    }
  }

  async failed(problem, scans) {
    if (problem.isTransient || meansUnpaired(problem)) {
      // Without a network asking costs nothing; a server that is in trouble gets its peace.
      if (problem.status) this.waits.extend("server", (problem.retryAfterS ?? 0) * 1000);
      this.gate.onLost(problem);
      return false;
    }
    if (scans.length === 1) {
      await this.gate.onAnswer(scans[0], { status: problem.status, body: problem.document });
      return true;
    }
    // One of them is unreadable; it must not hold up the others.
    for (const scan of scans) if (!(await this.handIn([scan]))) return false;
    return true;
  }

  async take(scan, result) {
    if (isUndecided(result)) {
      this.waits.extend(scan.scan_id);
    } else {
      await this.gate.onAnswer(scan, result);
      this.waits.forget(scan.scan_id);
    }
  }
}

/** A claim that lies ahead of the server's clock by a moment is past a moment later. */
function isUndecided({ status, body }) {
  const isEarly = body?.errors?.some((error) => error.code === "in_the_future");
  return status === 429 || status >= 500 || Boolean(isEarly);
}
