/** Pairing: the one-time token of the link becomes this device's cookie. */

import { call } from "../gate/device.js";
import { PasteLink } from "../gate/ui/unpaired.js";
import { gettext } from "../i18n.js";
import { html, show, useState } from "../view.js";

const GATE_PAGE = "/gate/";

function Pairing() {
  const [token] = useState(location.hash.slice(1));
  const [status, setStatus] = useState(/** @type {any} */ (null));
  async function pair() {
    setStatus("busy");
    try {
      await call("POST", "/scanners/pair/", { body: { token } });
      location.replace(GATE_PAGE);
    } catch (problem) {
      setStatus(problem);
    }
  }
  return html`
    <main class="gate-plain">
      <h1>${gettext("Pair this device")}</h1>
      ${token
        ? html`<p>${gettext("It becomes a scanner at the gate that the manager chose. The link works once, for ten minutes.")}</p>
            <button type="button" class="primary wide" onClick=${pair} disabled=${status === "busy"}>
              ${gettext("Pair this device")}
            </button>`
        : html`<p>${gettext("The link has no token. Read the manager's QR code again.")}</p>`}
      ${status?.message && html`<p class="notice bad" role="alert">${explain(status)}</p>`}
      ${(!token || status?.code === "pairing_over") && html`<${PasteLink} />`}
    </main>
  `;
}

function explain(problem) {
  if (problem.code === "pairing_over") {
    return gettext("This link was used or is too old. Ask the manager to show a new one.");
  }
  return problem.isTransient
    ? gettext("The server does not answer. Try again; the link is still good if nobody used it.")
    : problem.message;
}

// A link that is pasted on this very page changes nothing but the fragment.
addEventListener("hashchange", () => location.reload());
show(html`<${Pairing} />`);
