/** Giving a place up: cancelling with one confirmation, or passing it on to somebody. */

import { post } from "../api.js";
import { gettext } from "../i18n.js";
import { html, useState } from "../view.js";
import * as wallet from "../wallet.js";
import { Dialog } from "./dialog.js";
import { Field, FormError, useFocusOnError, useSubmit } from "./form.js";

function CancelDialog({ registration, onDone, onClose }) {
  const { busy, problem, submit } = useSubmit(async () => {
    await post(`/registrations/${registration.id}/cancel/`);
    await wallet.drop(registration.id);
    onDone("cancelled");
  });
  return html`
    <${Dialog} title=${gettext("Cancel your registration?")} onClose=${onClose}>
      <p>${gettext("Your place goes to somebody else, and your ticket stops working at once.")}</p>
      <${FormError} problem=${problem} />
      <button class="danger wide" disabled=${busy} onClick=${submit}>
        ${gettext("Cancel my registration")}
      </button>
    <//>
  `;
}

function TransferDialog({ registration, onDone, onClose }) {
  const [email, setEmail] = useState("");
  const [name, setName] = useState("");
  const [known, setKnown] = useState(true);
  const { busy, problem, errors, submit } = useSubmit(async () => {
    const to = { email: email.trim(), ...(name.trim() && { full_name: name.trim() }) };
    try {
      await post(`/registrations/${registration.id}/transfer/`, to);
    } catch (error) {
      const isStranger = error.document?.errors?.some((one) => one.code === "does_not_exist");
      if (!isStranger) throw error;
      return setKnown(false);
    }
    await wallet.drop(registration.id);
    onDone("transferred");
  });
  const form = useFocusOnError(problem);
  return html`
    <${Dialog} title=${gettext("Pass your ticket on")} onClose=${onClose}>
      <form class="stack" ref=${form} onSubmit=${submit} novalidate>
        <p>${gettext("Your place becomes theirs, and your own ticket stops working at once.")}</p>
        <${Field} label=${gettext("Their e-mail")} type="email" autocomplete="off" value=${email}
          onInput=${setEmail} error=${errors["#/email"]} />
        ${!known &&
        html`<p class="notice" role="status">${gettext(
            "Nobody has an account with this e-mail yet. Add the name, and a link goes to the e-mail.",
          )}</p>
          <${Field} label=${gettext("Their name")} autocomplete="off" value=${name}
            onInput=${setName} error=${errors["#/full_name"]} />`}
        <${FormError} problem=${problem} />
        <button class="danger wide" disabled=${busy}>${gettext("Pass it on")}</button>
      </form>
    <//>
  `;
}

/**
 * The two buttons and their dialogs.
 *
 * @param {{registration: Object, onDone: (what: "cancelled"|"transferred") => void}} props
 */
export function GivingUp({ registration, onDone }) {
  const [open, setOpen] = useState(/** @type {"cancel"|"transfer"|null} */ (null));
  const close = () => setOpen(null);
  const parts = { registration, onDone, onClose: close };
  return html`
    <div class="stack">
      ${registration.status !== "waitlisted" &&
      html`<button class="wide" onClick=${() => setOpen("transfer")}>
        ${gettext("Pass my ticket on")}
      </button>`}
      <button class="wide" onClick=${() => setOpen("cancel")}>${gettext("Cancel my place")}</button>
      ${open === "cancel" && html`<${CancelDialog} ...${parts} />`}
      ${open === "transfer" && html`<${TransferDialog} ...${parts} />`}
    </div>
  `;
}
