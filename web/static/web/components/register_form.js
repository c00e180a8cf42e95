/** Registering: the kind of ticket, the questions, one button. */

import { post } from "../api.js";
import { formatDay, gettext, ngettext } from "../i18n.js";
import { html, useState } from "../view.js";
import { FormError, useFocusOnError, useSubmit } from "./form.js";
import { Questions, answersToSend } from "./questions.js";

/** What stands beside a kind of ticket, and whether it may be chosen. */
function describeType(type, event, nowMs) {
  const { sales_opens_at: opens, sales_closes_at: closes, seats_left: left } = type;
  if (closes && nowMs >= Date.parse(closes)) return [gettext("no longer on sale"), false];
  if (opens && nowMs < Date.parse(opens)) {
    return [gettext("on sale from {moment}", { moment: formatDay(opens, event.time_zone) }), false];
  }
  if (left === null) return ["", true];
  if (left > 0) return [ngettext("{count} place left", "{count} places left", left), true];
  return event.waitlist_enabled ? [gettext("waitlist"), true] : [gettext("all taken"), false];
}

function Type({ type, event, chosen, onChoose }) {
  const [words, onSale] = describeType(type, event, Date.now());
  return html`
    <label class="choice">
      <input type="radio" name="ticket_type" value=${type.id} checked=${chosen === type.id}
        disabled=${!onSale} onChange=${() => onChoose(type.id)} />
      <span>${type.name} ${words && html`<span class="quiet small">${words}</span>`}</span>
    </label>
  `;
}

function Types({ types, error, ...rest }) {
  return html`
    <fieldset>
      <legend>${gettext("Kind of ticket")}</legend>
      ${types.map((type) => html`<${Type} key=${type.id} type=${type} ...${rest} />`)}
      ${error && html`<p class="error small" role="alert">${error}</p>`}
    </fieldset>
  `;
}

/** The only kind that can be chosen is chosen already. */
function firstChoice(types, event) {
  const onSale = types.filter((type) => describeType(type, event, Date.now())[1]);
  return onSale.length === 1 ? onSale[0].id : null;
}

/**
 * @param {{event: Object, types: Object[], questions: Object[], label: string,
 *   onRegistered: (registration: Object) => void}} props
 */
export function RegisterForm({ event, types, questions, label, onRegistered }) {
  const [type, setType] = useState(() => firstChoice(types, event));
  const [answers, setAnswers] = useState({});
  const { busy, problem, errors, submit } = useSubmit(async () => {
    const body = { event: event.id, answers: answersToSend(questions, answers) };
    if (type) body.ticket_type = type;
    onRegistered(await post("/registrations/", body));
  });
  const form = useFocusOnError(problem);
  return html`
    <form class="stack" ref=${form} onSubmit=${submit} novalidate>
      ${types.length > 0 &&
      html`<${Types} types=${types} event=${event} chosen=${type} onChoose=${setType}
        error=${errors["#/ticket_type"]} />`}
      <${Questions} questions=${questions} answers=${answers} errors=${errors}
        onAnswer=${(id, answer) => setAnswers({ ...answers, [id]: answer })} />
      <${FormError} problem=${problem} />
      <button class="primary wide" disabled=${busy}>${label}</button>
    </form>
  `;
}
