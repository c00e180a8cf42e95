/** What the last scan came to, over the whole screen. */

import { gettext } from "../../i18n.js";
import { html } from "../../view.js";
import { wordOf } from "../verdicts.js";
import { Sign } from "./icons.js";

/** @param {{state: any, isReady: boolean, onTap: () => void}} props */
export function VerdictArea({ state, isReady, onTap }) {
  const { verdict, verdictTurn, isChecking } = state;
  return html`
    <div class="verdict" tabindex=${verdict ? 0 : undefined} onClick=${onTap}>
      <div role="status" aria-live="assertive" aria-atomic="true">
        ${verdict
          ? html`<${Verdict} key=${verdictTurn} verdict=${verdict} turn=${verdictTurn} />`
          : html`<p class="verdict-idle">${idle(isReady, isChecking)}</p>`}
      </div>
    </div>
  `;
}

function idle(isReady, isChecking) {
  if (isChecking) return gettext("Checking…");
  return isReady ? gettext("Hold a ticket up to the camera") : gettext("Ready for a scanner or a name");
}

function Verdict({ verdict, turn }) {
  const { kind, name, reason, notes } = verdict;
  return html`
    <div class="verdict-body" data-turn=${turn} data-outcome=${verdict.outcome}>
      <${Sign} kind=${kind} />
      <p class="verdict-word">${wordOf(kind)}</p>
      ${name && html`<p class="verdict-name">${name}</p>`}
      ${reason && html`<p class="verdict-reason">${reason}</p>`}
      ${notes.map((note) => html`<p class="verdict-note" key=${note}>${note}</p>`)}
    </div>
  `;
}
