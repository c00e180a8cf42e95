/**
 * The gate: what is scanned, what it comes to, what waits for the server. Knows nothing of the page.
 *
 * A scan is written to the disk before it is posted. Whatever the answer to that post is, it comes
 * within ANSWER_WITHIN_MS or not at all: later answers are the business of `late_scans.js`, and never
 * take the verdict's place on the screen.
 */

import { Problem } from "../api.js";
import { formatTime } from "../i18n.js";
import { GateClock } from "./clock.js";
import { call, meansUnpaired } from "./device.js";
import { LateScans } from "./late_scans.js";
import { isForEvent, isTicket, ticketOf } from "./payload.js";
import { Sightings } from "./sightings.js";
import * as store from "./store.js";
import { passed, refused, saved } from "./verdicts.js";

const ANSWER_WITHIN_MS = 2_500;
const FLUSH_EVERY_MS = 5_000;
/** How often the device says that it is alive, and asks how many people are inside. */
const BEAT_EVERY_MS = 15_000;
const BEAT_TIMEOUT_MS = 5_000;
/** A green screen clears by itself; whatever needs somebody to act stays. */
const CLEAR_AFTER_MS = 2_000;
const LOG_LENGTH = 20;
const ME = "gate.me";
const DIRECTION = "gate.direction";

/** A random UUID (RFC 9562 §5.4); `crypto.randomUUID` is missing where there is no HTTPS. */
function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const digits = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

export class Gate {
  /** @param {import("./feedback.js").Feedback} feedback */
  constructor(feedback) {
    this.feedback = feedback;
    this.clock = new GateClock();
    this.sightings = new Sightings();
    /** Scans whose answer may still come in time. @type {Set<string>} */
    this.underWay = new Set();
    this.turn = 0;
    this.late = new LateScans({
      underWay: this.underWay,
      onAnswer: (scan, result) => this.takeLate(scan, result),
      onHeard: () => this.heard(),
      onLost: (problem) => this.lost(problem),
    });
    this.listeners = new Set();
    this.state = {
      me: JSON.parse(localStorage.getItem(ME)),
      /** null until the server said so, one way or the other. */
      isPaired: null,
      isOnline: true,
      lostAt: null,
      verdict: null,
      verdictTurn: 0,
      isChecking: false,
      queue: 0,
      /** Scans of another event, which wait for a device of that event. */
      stranded: 0,
      alerts: [],
      log: [],
      direction: localStorage.getItem(DIRECTION) ?? "entry",
    };
  }

  // --- Who listens ------------------------------------------------------------------------------

  subscribe(listener) {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  set(changes) {
    this.state = { ...this.state, ...changes };
    this.listeners.forEach((listener) => listener(this.state));
  }

  // --- Life -------------------------------------------------------------------------------------

  /** Take up what an earlier page left, and keep talking to the server. */
  async start() {
    const [alerts, log] = await Promise.all([store.all("alerts"), store.all("log")]).catch(() => [[], []]);
    this.set({ alerts, log: log.sort((a, b) => b.atMs - a.atMs) });
    setInterval(() => this.flush(), FLUSH_EVERY_MS);
    setInterval(() => this.beat(), BEAT_EVERY_MS);
    addEventListener("online", () => this.hurry());
    addEventListener("offline", () => this.lost(new Problem({ status: 0, code: "offline" })));
    await this.beat();
    await this.flush();
  }

  async hurry() {
    this.late.hurry();
    await this.beat();
    await this.flush();
  }

  /** Tell the server that this device is alive, and learn what it is for. */
  async beat() {
    await this.count();
    const sentMs = Date.now();
    try {
      const body = { queue_length: this.state.queue + this.state.stranded };
      const options = { body, timeoutMs: BEAT_TIMEOUT_MS };
      const { data } = await call("PATCH", "/scanners/me/", options);
      this.clock.learn(data.server_time, sentMs, Date.now());
      localStorage.setItem(ME, JSON.stringify(data));
      this.set({ me: data });
      this.heard();
      // It may have been paired with another event meanwhile.
      await this.count();
    } catch (problem) {
      this.lost(problem);
    }
  }

  /** The server answered, so the device is somebody's and the network is there. */
  heard() {
    this.set({ isOnline: true, lostAt: null, isPaired: true });
  }

  lost(problem) {
    if (!(problem instanceof Problem)) throw problem;
    if (meansUnpaired(problem)) this.set({ isPaired: false, isOnline: true, verdict: null });
    else this.set({ isOnline: false, lostAt: this.state.lostAt ?? Date.now() });
  }

  flush() {
    const { me, isPaired } = this.state;
    return me && isPaired !== false ? this.late.flush(me.event.id) : undefined;
  }

  async count() {
    const waiting = await store.all("queue").catch(() => []);
    const mine = waiting.filter((scan) => scan.event === this.state.me?.event.id);
    const idle = mine.filter((scan) => !this.underWay.has(scan.scan_id));
    this.set({ queue: idle.length, stranded: waiting.length - mine.length });
  }

  setDirection(direction) {
    localStorage.setItem(DIRECTION, direction);
    this.set({ direction });
  }

  // --- Scanning ---------------------------------------------------------------------------------

  /** A code is in view of the camera: a new scan, unless it was there a moment ago. */
  see(text) {
    if (this.sightings.isNew(text, performance.now())) return this.scan(text);
    return undefined;
  }

  /** Scan a text, wherever it came from. */
  scan(text) {
    if (!this.state.me || this.state.isPaired === false) return undefined;
    if (isTicket(text)) return this.judge({ payload: text }, { text });
    const verdict = refused({ code: "not_a_ticket" });
    this.turn += 1;
    this.show(verdict, this.turn);
    return this.write({ scan_id: newId(), atMs: this.clock.now(), ...verdict });
  }

  /** Scan a code that a guest reads out, whom the search has found. */
  scanByHand(guest, otp) {
    const fields = { user: guest.user, event: this.state.me.event.id, otp };
    return this.judge(fields, { name: guest.full_name });
  }

  /**
   * Keep a scan, post it, and show what it came to.
   *
   * @param {any} fields who, for which event, with which code
   * @param {{text?: string, name?: string}} known
   */
  async judge(fields, { text = "", name = "" }) {
    const turn = (this.turn += 1);
    const readMs = performance.now();
    const scan = this.newScan(fields, text);
    this.underWay.add(scan.scan_id);
    this.set({ isChecking: true });
    const isKept = await store.put("queue", scan).then(() => true, () => false);
    const verdict = await this.post(scan, isKept).finally(() => this.underWay.delete(scan.scan_id));
    // For whoever looks at a slow gate, in the browser's own tools.
    performance.measure("gate:verdict", { start: readMs });
    if (verdict) await this.settle(scan, { ...verdict, name: verdict.name || name }, turn);
    else this.set({ isChecking: false }); // Unpaired: it stays in the queue.
    return this.count();
  }

  async settle(scan, verdict, turn) {
    this.sightings.settle(scan.text, verdict.outcome);
    const isShown = this.show(verdict, turn);
    const { scan_id: scanId, atMs } = scan;
    const entry = { scan_id: scanId, atMs, ticket: ticketOf(scan.text), ...verdict };
    const isUnseen = !isShown && ["no", "already"].includes(verdict.kind);
    if (isUnseen) await this.alarm(entry).catch(() => {});
    else if (verdict.kind !== "saved") await store.remove("queue", scanId).catch(() => {});
    await this.write(entry);
  }

  /** What is kept of a scan; its body is final, whenever and however often it is sent. */
  newScan(fields, text) {
    const [scanId, atMs] = [newId(), this.clock.now()];
    const body = {
      ...fields,
      direction: this.state.direction,
      scan_id: scanId,
      scanned_at: new Date(atMs).toISOString(),
    };
    return { scan_id: scanId, event: this.state.me.event.id, atMs, text, body };
  }

  /** @returns {Promise<import("./verdicts.js").Verdict|null>} null where this device is unpaired */
  async post(scan, isKept) {
    try {
      const options = { body: scan.body, timeoutMs: ANSWER_WITHIN_MS };
      const { data } = await call("POST", "/scans/", options);
      this.heard();
      return passed(data);
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      return this.verdictOf(problem, scan, isKept);
    }
  }

  verdictOf(problem, scan, isKept) {
    const isThrottled = problem.code === "throttled";
    if (meansUnpaired(problem) || (problem.isTransient && !isThrottled)) this.lost(problem);
    else this.heard();
    if (meansUnpaired(problem)) return null;
    if (!problem.isTransient) return refused(problem.document, this.timeZone);
    if (scan.text && !isForEvent(scan.text, scan.event)) return refused({ code: "wrong_event" });
    return isKept ? saved(problem, this.seenAt(scan.text)) : refused({ code: "not_kept" });
  }

  /** When this device last let that ticket pass, or saved it; "" where it did not. */
  seenAt(text) {
    const before = this.state.log.find(
      (entry) => text && entry.ticket === ticketOf(text) && ["admit", "saved"].includes(entry.kind),
    );
    return before ? this.time(before.atMs) : "";
  }

  /** Let somebody pass without a code; throws a Problem where that is not even refused. */
  async override(guest, reason) {
    const turn = (this.turn += 1);
    const body = { registration: guest.registration, reason, direction: this.state.direction };
    const verdict = await call("POST", "/scanners/me/admit/", { body }).then(
      ({ data }) => passed(data),
      (problem) => {
        if (problem.isTransient || !problem.document || meansUnpaired(problem)) throw problem;
        return { ...refused(problem.document, this.timeZone), name: guest.full_name };
      },
    );
    this.show(verdict, turn);
    await this.write({ scan_id: newId(), atMs: this.clock.now(), ...verdict });
  }

  /** The few guests whose name or e-mail begins like that; throws a Problem. */
  async search(text) {
    const path = `/scanners/me/search/?q=${encodeURIComponent(text)}`;
    return (await call("GET", path)).data.results;
  }

  // --- What is shown ----------------------------------------------------------------------------

  /** Show a verdict, unless that of a later scan is there already; return whether it was shown. */
  show(verdict, turn) {
    if (turn < this.state.verdictTurn) return false;
    this.set({ verdict, verdictTurn: turn, isChecking: turn < this.turn });
    this.feedback.give(verdict.kind);
    clearTimeout(this.clearing);
    const clears = ["admit", "exit"].includes(verdict.kind) && !verdict.notes.length;
    if (clears) this.clearing = setTimeout(() => this.clear(), CLEAR_AFTER_MS);
    return true;
  }

  clear() {
    this.set({ verdict: null });
  }

  async write(entry) {
    const log = [entry, ...this.state.log.filter(({ scan_id: id }) => id !== entry.scan_id)];
    log.sort((a, b) => b.atMs - a.atMs);
    this.set({ log: log.slice(0, LOG_LENGTH) });
    await store.put("log", entry).catch(() => {});
    for (const old of log.slice(LOG_LENGTH)) await store.remove("log", old.scan_id).catch(() => {});
  }

  get timeZone() {
    return this.state.me?.event.time_zone ?? "UTC";
  }

  time(ms) {
    return formatTime(new Date(ms).toISOString(), this.timeZone);
  }

  // --- What comes late --------------------------------------------------------------------------

  /** Note what a scan came to after all: in the log, and aloud where it was refused. */
  async takeLate(scan, { status, body }) {
    const isGood = status < 300;
    const verdict = isGood ? passed(body) : refused(body, this.timeZone);
    const known = this.state.log.find((entry) => entry.scan_id === scan.scan_id);
    const entry = {
      scan_id: scan.scan_id,
      atMs: scan.atMs,
      ticket: ticketOf(scan.text),
      ...verdict,
      name: verdict.name || known?.name || "",
      isLate: true,
    };
    if (isGood) await store.remove("queue", scan.scan_id);
    else await this.alarm(entry);
    await this.write(entry);
    await this.count();
  }

  async alarm(alert) {
    await store.refuse(alert.scan_id, alert);
    this.set({ alerts: [...this.state.alerts, alert] });
    this.feedback.give("alert");
  }

  /** Somebody has seen a late refusal. */
  async acknowledge(scanId) {
    this.set({ alerts: this.state.alerts.filter((alert) => alert.scan_id !== scanId) });
    await store.remove("alerts", scanId);
  }

  /** Give this device back; what waits in its queue stays for the next pairing. */
  async unpair() {
    await call("DELETE", "/scanners/me/pairing/");
    this.set({ isPaired: false, verdict: null });
  }
}
