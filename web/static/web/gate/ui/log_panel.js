/** The last scans of this device. */

import { Dialog } from "../../components/dialog.js";
import { gettext } from "../../i18n.js";
import { html } from "../../view.js";
import { wordOf } from "../verdicts.js";
import { Sign } from "./icons.js";

export default function LogPanel({ gate, state, onClose }) {
  const { log } = state;
  return html`
    <${Dialog} title=${gettext("Last scans")} onClose=${onClose}>
      ${log.length === 0 && html`<p>${gettext("Nothing was scanned yet.")}</p>`}
      <ol class="gate-log">
        ${log.map((entry) => html`<${Entry} key=${entry.scan_id} gate=${gate} entry=${entry} />`)}
      </ol>
    <//>
  `;
}

function Entry({ gate, entry }) {
  const { kind, name, reason, isLate } = entry;
  return html`
    <li data-kind=${kind}>
      <${Sign} kind=${kind} />
      <div>
        <p><strong>${name || wordOf(kind)}</strong> ${isLate && html`<span class="tag">${gettext("late")}</span>`}</p>
        <p class="small quiet">${name ? wordOf(kind) : ""} ${reason}</p>
      </div>
      <time>${gate.time(entry.atMs)}</time>
    </li>
  `;
}
