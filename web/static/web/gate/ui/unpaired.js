/** What a device shows that is nobody's scanner. */

import { gettext, ngettext } from "../../i18n.js";
import { html, useId, useState } from "../../view.js";

const PAIRING_PAGE = "/gate/pair/";

/** @param {{waiting: number}} props how many scans it still holds */
export function Unpaired({ waiting }) {
  return html`
    <main class="gate-plain">
      <h1>${gettext("Unpaired")}</h1>
      <p>${gettext("This device may not scan: it was never paired, was paired anew elsewhere, or was revoked.")}</p>
      ${waiting > 0 &&
      html`<p class="notice warn">
        ${ngettext(
          "{count} scan is kept in this device and goes in once it is paired with its event again.",
          "{count} scans are kept in this device and go in once it is paired with their event again.",
          waiting,
        )}
      </p>`}
      <p>${gettext("Ask a manager for a pairing code, and read it with this device's camera app.")}</p>
      <${PasteLink} />
      <p class="small"><a href="/gate/devices/">${gettext("I manage this event")}</a></p>
    </main>
  `;
}

/** For a device without a camera: the link as text. */
export function PasteLink() {
  const [link, setLink] = useState("");
  const [isWrong, setWrong] = useState(false);
  const [field, hint] = [useId(), useId()];
  function submit(event) {
    event.preventDefault();
    const token = link.trim().match(/tmp_[\w-]+$/)?.[0];
    setWrong(!token);
    if (token) location.assign(`${PAIRING_PAGE}#${token}`);
  }
  return html`
    <form class="stack" onSubmit=${submit}>
      <div class="field">
        <label for=${field}>${gettext("Or paste the pairing link")}</label>
        <input
          id=${field} value=${link} autocomplete="off" inputmode="url"
          aria-invalid=${isWrong} aria-describedby=${isWrong ? hint : undefined}
          onInput=${(event) => setLink(event.target.value)}
        />
        ${isWrong && html`<p class="error" id=${hint}>${gettext("This is no pairing link.")}</p>`}
      </div>
      <button>${gettext("Go on")}</button>
    </form>
  `;
}
