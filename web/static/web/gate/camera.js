/** The camera: started by a tap, watched frame by frame, never stopped by a verdict. */

import { decode } from "../qr_decode.js";

/** Milliseconds between two looks: nobody notices, and the phone stays cool. */
const PAUSE_MS = 40;
/** Longer side of what is decoded, in pixels: enough for a code at arm's length. */
const LOOK_AT_PX = 640;
const CAMERA = "gate.camera";
const TORCH = "gate.torch";

/** Why there is no picture: `denied`, `none`, `busy` or `insecure`. */
export class NoCamera extends Error {
  constructor(reason) {
    super(reason);
    this.reason = reason;
  }
}

export class Camera {
  /**
   * @param {HTMLVideoElement} video
   * @param {(text: string) => void} onCode called for each frame that shows a code
   */
  constructor(video, onCode) {
    this.video = video;
    this.onCode = onCode;
    this.cameras = [];
    this.hasTorch = false;
    this.torchIsOn = false;
    this.canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  }

  /** Show and watch the remembered camera, else the one at the back; throws NoCamera. */
  async start() {
    if (!navigator.mediaDevices) throw new NoCamera("insecure");
    // Many phones open one camera at a time.
    this.stop();
    const wanted = localStorage.getItem(CAMERA);
    const stream = await openStream(wanted).catch((error) => {
      if (!wanted || error.reason === "denied") throw error;
      localStorage.removeItem(CAMERA); // It was unplugged.
      return openStream(null);
    });
    this.stream = stream;
    this.track = stream.getVideoTracks()[0];
    // The system takes the camera away now and then: at a call, or when the phone sleeps.
    this.track.onended = () => this.onLost?.();
    this.video.srcObject = stream;
    await this.video.play();
    await this.look();
  }

  async look() {
    const devices = await navigator.mediaDevices.enumerateDevices();
    this.cameras = devices.filter((device) => device.kind === "videoinput");
    this.hasTorch = Boolean(this.track.getCapabilities?.().torch);
    if (this.hasTorch && localStorage.getItem(TORCH) === "on") await this.light(true);
    if (!this.isWatching) this.watch();
  }

  stop() {
    if (this.track) this.track.onended = null;
    this.stream?.getTracks().forEach((track) => track.stop());
    this.stream = null;
  }

  /** Whether there is a picture. */
  get isLive() {
    return Boolean(this.stream) && this.track.readyState === "live";
  }

  /** Go on to the next camera, and remember it. */
  async switch() {
    const present = this.cameras.findIndex(({ deviceId }) => deviceId === this.track.getSettings().deviceId);
    const next = this.cameras[(present + 1) % this.cameras.length];
    localStorage.setItem(CAMERA, next.deviceId);
    await this.start();
  }

  /** Turn the torch on or off, and remember it. */
  async light(isOn) {
    try {
      await this.track.applyConstraints({ advanced: [{ torch: isOn }] });
    } catch {
      this.hasTorch = false; // It was offered and is not there.
      return;
    }
    this.torchIsOn = isOn;
    localStorage.setItem(TORCH, isOn ? "on" : "off");
  }

  async watch() {
    this.isWatching = true;
    while (this.stream) {
      const text = document.hidden ? null : await this.read();
      if (text) this.onCode(text);
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
    this.isWatching = false;
  }

  /** @returns {Promise<string|null>} what the picture of this moment shows */
  async read() {
    const { videoWidth, videoHeight } = this.video;
    if (!videoWidth) return null;
    const scale = Math.min(1, LOOK_AT_PX / Math.max(videoWidth, videoHeight));
    const [width, height] = [Math.round(videoWidth * scale), Math.round(videoHeight * scale)];
    Object.assign(this.canvas.canvas, { width, height });
    this.canvas.drawImage(this.video, 0, 0, width, height);
    return decode(this.canvas.getImageData(0, 0, width, height)).catch(() => null);
  }
}

async function openStream(deviceId) {
  const which = deviceId ? { deviceId: { exact: deviceId } } : { facingMode: "environment" };
  try {
    return await navigator.mediaDevices.getUserMedia({
      audio: false,
      video: { ...which, width: { ideal: 1280 }, height: { ideal: 720 } },
    });
  } catch (error) {
    throw new NoCamera(REASONS[error.name] ?? "busy");
  }
}

const REASONS = {
  NotAllowedError: "denied",
  SecurityError: "insecure",
  NotFoundError: "none",
  OverconstrainedError: "none",
};
