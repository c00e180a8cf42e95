/** The picture of the camera, and the one tap that starts it. */

import { gettext } from "../../i18n.js";
import { html, useEffect, useRef, useState } from "../../view.js";
import { useWakeLock } from "../../wake_lock.js";
import { Camera } from "../camera.js";
import { Icon } from "./icons.js";

function explain(reason) {
  return {
    denied: gettext("The camera is blocked. Allow it for this page in the browser's settings, then start again."),
    none: gettext("This device has no camera. A USB scanner and names work without one."),
    busy: gettext("Another app holds the camera. Close it, then start again."),
    insecure: gettext("Browsers give the camera to HTTPS pages alone. Open this page with https://."),
  }[reason];
}

/** @param {{gate: any, onLive: (isLive: boolean) => void}} props */
export function Viewfinder({ gate, onLive }) {
  const video = useRef(null);
  const camera = useRef(/** @type {Camera|null} */ (null));
  const [status, setStatus] = useState("off");
  const [, redraw] = useState(0);

  async function begin(action) {
    try {
      await action();
      setStatus("live");
    } catch (error) {
      if (!error.reason) throw error;
      setStatus(error.reason);
    }
    redraw((times) => times + 1);
  }

  function start() {
    gate.feedback.start();
    camera.current ??= new Camera(video.current, (text) => gate.see(text));
    camera.current.onLost = () => begin(() => camera.current.start());
    setStatus("starting");
    return begin(() => camera.current.start());
  }

  useEffect(() => onLive(status === "live"), [status]);
  useEffect(() => () => camera.current?.stop(), []);

  const wasTapped = status !== "off";
  const isOff = status === "off" || status === "starting";
  return html`
    <section class="viewfinder" aria-label=${gettext("Camera")}>
      <video ref=${video} playsinline muted aria-hidden="true" hidden=${status !== "live"}></video>
      ${status !== "live" &&
      html`<div class="viewfinder-off">
        ${!isOff && html`<p role="alert">${explain(status)}</p>`}
        <button type="button" class="primary" onClick=${start} disabled=${status === "starting"}>
          ${isOff ? gettext("Start scanning") : gettext("Start again")}
        </button>
      </div>`}
      ${wasTapped && html`<${Awake} />`}
      ${status === "live" && html`<${Controls} camera=${camera.current} begin=${begin} />`}
    </section>
  `;
}

/** Keeps the screen on from the first tap on. */
function Awake() {
  useWakeLock();
  return null;
}

function Controls({ camera, begin }) {
  const { hasTorch, torchIsOn, cameras } = camera;
  return html`
    <div class="viewfinder-controls">
      ${hasTorch &&
      html`<button
        type="button"
        aria-pressed=${torchIsOn}
        aria-label=${gettext("Torch")}
        onClick=${() => begin(() => camera.light(!torchIsOn))}
      >
        <${Icon} name="torch" />
      </button>`}
      ${cameras.length > 1 &&
      html`<button
        type="button"
        aria-label=${gettext("Switch camera")}
        onClick=${() => begin(() => camera.switch())}
      >
        <${Icon} name="camera" />
      </button>`}
    </div>
  `;
}
