/** Scans that were refused after all, when somebody may have been let in. They stay until seen. */

import { gettext } from "../../i18n.js";
import { html } from "../../view.js";

export function Alerts({ gate, alerts }) {
  return html`
    <div role="alert" class="gate-alerts">
      ${alerts.map((alert) => html`<${Alert} key=${alert.scan_id} gate=${gate} alert=${alert} />`)}
    </div>
  `;
}

function Alert({ gate, alert }) {
  const who = alert.name || gettext("A ticket");
  const title = gettext("Refused late: {who}, scanned {time}", { who, time: gate.time(alert.atMs) });
  return html`
    <div class="gate-alert">
      <p><strong>${title}</strong><br />${alert.reason}</p>
      <button type="button" onClick=${() => gate.acknowledge(alert.scan_id)}>${gettext("Seen")}</button>
    </div>
  `;
}
