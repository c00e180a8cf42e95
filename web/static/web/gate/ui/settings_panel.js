/** Entry or exit, sound, kiosk mode, and giving the device back. */

import { Dialog } from "../../components/dialog.js";
import { gettext } from "../../i18n.js";
import { html, useId, useState } from "../../view.js";

export default function SettingsPanel({ gate, state, onKiosk, onClose }) {
  return html`
    <${Dialog} title=${gettext("Settings")} onClose=${onClose}>
      <div class="stack">
        <${Direction} gate=${gate} direction=${state.direction} />
        <${Sound} feedback=${gate.feedback} />
        <div class="tight">
          <button type="button" onClick=${() => onKiosk(true)}>${gettext("Kiosk mode")}</button>
          <p class="small quiet">
            ${gettext("Fills the screen and hides names, lists and settings: for a device that guests use themselves.")}
          </p>
        </div>
        <${Unpair} gate=${gate} state=${state} />
      </div>
    <//>
  `;
}

function Direction({ gate, direction }) {
  const ways = [["entry", gettext("Entry")], ["exit", gettext("Exit")]];
  return html`
    <fieldset>
      <legend>${gettext("People go")}</legend>
      ${ways.map(([value, word]) => html`
        <label class="choice" key=${value}>
          <input
            type="radio" name="direction" value=${value} checked=${direction === value}
            onChange=${() => gate.setDirection(value)}
          />
          ${word}
        </label>
      `)}
    </fieldset>
  `;
}

function Sound({ feedback }) {
  const [isMuted, setMuted] = useState(feedback.isMuted);
  function change(event) {
    feedback.mute(event.target.checked);
    setMuted(event.target.checked);
  }
  return html`
    <label class="choice">
      <input type="checkbox" checked=${isMuted} onChange=${change} />
      ${gettext("No sound")}
    </label>
  `;
}

function Unpair({ gate, state }) {
  const [isAsking, setAsking] = useState(false);
  const [problem, setProblem] = useState(null);
  const question = useId();
  if (!isAsking) {
    return html`<button type="button" onClick=${() => setAsking(true)}>${gettext("Unpair this device")}</button>`;
  }
  return html`
    <div class="notice warn">
      <p id=${question}>
        ${gettext("This device will scan nothing more until a manager pairs it again.")}
        ${state.queue > 0 && ` ${gettext("Scans that wait stay in it.")}`}
      </p>
      ${problem && html`<p class="error" role="alert">${problem.message}</p>`}
      <div class="row">
        <button
          type="button" class="danger" aria-describedby=${question}
          onClick=${() => gate.unpair().catch(setProblem)}
        >
          ${gettext("Unpair")}
        </button>
        <button type="button" onClick=${() => setAsking(false)}>${gettext("Keep")}</button>
      </div>
    </div>
  `;
}
