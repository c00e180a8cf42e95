/** The way out of kiosk mode. */

import { Dialog } from "../../components/dialog.js";
import { gettext } from "../../i18n.js";
import { html } from "../../view.js";

export default function LeavePanel({ onKiosk, onClose }) {
  return html`
    <${Dialog} title=${gettext("Leave kiosk mode?")} onClose=${onClose}>
      <button type="button" class="primary" onClick=${() => onKiosk(false)}>${gettext("Leave")}</button>
    <//>
  `;
}
