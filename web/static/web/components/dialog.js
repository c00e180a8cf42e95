/** A question that waits for an answer, in the browser's own modal dialog. */

import { gettext } from "../i18n.js";
import { html, useEffect, useId, useRef } from "../view.js";

/** @param {{title: string, onClose: () => void, children: any}} props */
export function Dialog({ title, onClose, children }) {
  const id = useId();
  const dialog = useRef(/** @type {HTMLDialogElement|null} */ (null));
  useEffect(() => dialog.current.showModal(), []);
  return html`
    <dialog ref=${dialog} class="question" aria-labelledby=${id} onClose=${onClose}>
      <div class="stack">
        <h2 id=${id}>${title}</h2>
        ${children}
        <button type="button" class="wide" onClick=${() => dialog.current.close()}>
          ${gettext("Back")}
        </button>
      </div>
    </dialog>
  `;
}
