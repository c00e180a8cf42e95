/** A tone and a buzz for each verdict, made here: there is no file to load. */

/** Hertz and seconds of each tone, and milliseconds of each buzz and pause. */
const SIGNALS = {
  admit: { tones: [[880, 0.08], [1320, 0.12]], wave: "sine", buzz: [60] },
  exit: { tones: [[1320, 0.08], [880, 0.12]], wave: "sine", buzz: [60] },
  already: { tones: [[620, 0.14], [620, 0.14]], wave: "triangle", buzz: [120, 60, 120] },
  no: { tones: [[196, 0.45]], wave: "square", buzz: [400] },
  saved: { tones: [[520, 0.1], [390, 0.16]], wave: "triangle", buzz: [60, 60, 60] },
  alert: { tones: [[784, 0.12], [523, 0.12], [784, 0.12], [523, 0.2]], wave: "square", buzz: [200, 80, 200] },
};
/** Loud enough for a hall, as a share of what the device can do. */
const VOLUME = 0.4;
const MUTED = "gate.muted";

export class Feedback {
  constructor() {
    this.isMuted = localStorage.getItem(MUTED) === "yes";
    /** @type {AudioContext|null} */
    this.audio = null;
  }

  /** Called at a tap: browsers let no page make a sound before one. */
  start() {
    this.audio ??= globalThis.AudioContext ? new AudioContext() : null;
    this.audio?.resume();
  }

  mute(isMuted) {
    this.isMuted = isMuted;
    localStorage.setItem(MUTED, isMuted ? "yes" : "no");
  }

  /** @param {keyof typeof SIGNALS} kind */
  give(kind) {
    navigator.vibrate?.(SIGNALS[kind].buzz);
    if (this.isMuted || this.audio?.state !== "running") return;
    let startS = this.audio.currentTime;
    for (const [hertz, seconds] of SIGNALS[kind].tones) {
      this.play(hertz, SIGNALS[kind].wave, startS, seconds);
      startS += seconds + 0.03;
    }
  }

  play(hertz, wave, startS, seconds) {
    const oscillator = new OscillatorNode(this.audio, { type: wave, frequency: hertz });
    const volume = new GainNode(this.audio, { gain: VOLUME });
    // Fades out, or the speaker clicks.
    volume.gain.setValueAtTime(VOLUME, startS + seconds * 0.7);
    volume.gain.linearRampToValueAtTime(0, startS + seconds);
    oscillator.connect(volume).connect(this.audio.destination);
    oscillator.start(startS);
    oscillator.stop(startS + seconds);
  }
}
