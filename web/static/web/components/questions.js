/** The questions of an event, as the fields of its registration form. */

import { gettext } from "../i18n.js";
import { html, useId } from "../view.js";
import { Field } from "./form.js";

/** @typedef {{id: string, prompt: string, kind: string, required: boolean, choices: string[]}} Question */

function label({ prompt, required }) {
  return required ? prompt : gettext("{question} (optional)", { question: prompt });
}

function Choices({ question, value = [], onInput, error }) {
  const id = useId();
  const toggle = (choice) =>
    onInput(value.includes(choice) ? value.filter((one) => one !== choice) : [...value, choice]);
  return html`
    <fieldset aria-describedby=${error ? id : undefined} aria-invalid=${error ? "true" : undefined}
      tabindex="-1">
      <legend>${label(question)}</legend>
      ${question.choices.map(
        (choice) => html`<label class="choice" key=${choice}>
          <input type="checkbox" checked=${value.includes(choice)}
            onChange=${() => toggle(choice)} />${choice}
        </label>`,
      )}
      ${error && html`<p class="error small" id=${id}>${error}</p>`}
    </fieldset>
  `;
}

function Consent({ question, value = false, onInput, error }) {
  const id = useId();
  return html`
    <div>
      <label class="choice">
        <input type="checkbox" checked=${value} onChange=${() => onInput(!value)}
          aria-invalid=${error ? "true" : undefined} aria-describedby=${error ? id : undefined} />
        ${label(question)}
      </label>
      ${error && html`<p class="error small" id=${id}>${error}</p>`}
    </div>
  `;
}

function Choice({ question, value = "", ...rest }) {
  return html`
    <${Field} as="select" label=${label(question)} value=${value} ...${rest}>
      <option value="">${gettext("Choose …")}</option>
      ${question.choices.map((choice) => html`<option key=${choice}>${choice}</option>`)}
    <//>
  `;
}

const PARTS = {
  multiple_choice: Choices,
  consent: Consent,
  choice: Choice,
  text: ({ question, value = "", ...rest }) =>
    html`<${Field} label=${label(question)} value=${value} maxlength="2000" ...${rest} />`,
  number: ({ question, value = "", ...rest }) =>
    html`<${Field} label=${label(question)} value=${value} inputmode="decimal" type="number"
      step="any" ...${rest} />`,
};

/**
 * @param {{questions: Question[], answers: Object, onAnswer: (id: string, answer: any) => void,
 *   errors: Object<string, string>}} props
 */
export function Questions({ questions, answers, onAnswer, errors }) {
  return questions.map(
    (question) => html`<${PARTS[question.kind]} key=${question.id} question=${question}
      value=${answers[question.id]} error=${errors[`#/answers/${question.id}`]}
      onInput=${(answer) => onAnswer(question.id, answer)} />`,
  );
}

/** The answers as the API takes them: numbers as numbers, nothing for what was left empty. */
export function answersToSend(questions, answers) {
  const typed = questions.map(({ id, kind }) => {
    const answer = answers[id] ?? null;
    if (answer === "" || answer === null) return [id, null];
    return [id, kind === "number" ? Number(answer) : answer];
  });
  return Object.fromEntries(typed.filter(([, answer]) => answer !== null));
}
