/** A pass for Google Wallet. Its link carries the secret, so it is asked for when it is wanted. */

import { get } from "../api.js";
import { gettext } from "../i18n.js";
import { explain } from "../problems.js";
import { html } from "../view.js";
import { useSubmit } from "./form.js";

/** @param {{registration: Object}} props */
export function GoogleWallet({ registration }) {
  const { busy, problem, submit } = useSubmit(async () => {
    const { url } = await get(`/registrations/${registration.id}/ticket/google-wallet/`);
    location.assign(url);
  });
  return html`
    <button class="wide" disabled=${busy} onClick=${submit}>${gettext("Add to Google Wallet")}</button>
    <div role="alert">${problem && html`<p class="notice bad">${explain(problem)}</p>`}</div>
  `;
}
