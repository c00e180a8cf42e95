/** Forms whose errors stand at their fields, in words, and are announced. */

import { explain, fieldErrors } from "../problems.js";
import { html, useEffect, useId, useRef, useState } from "../view.js";

/**
 * A form's life: `submit` runs the action once at a time and keeps the Problem it ended with.
 *
 * @param {() => Promise<void>} action
 */
export function useSubmit(action) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState(/** @type {import("../api.js").Problem|null} */ (null));
  async function submit(event) {
    event?.preventDefault();
    if (busy) return;
    setBusy(true);
    setProblem(null);
    try {
      await action();
    } catch (error) {
      if (error.name !== "Problem") throw error;
      setProblem(error);
    } finally {
      setBusy(false);
    }
  }
  return { busy, problem, submit, errors: fieldErrors(problem) };
}

/** The sentence about the whole form; nothing where the errors stand at fields. */
export function FormError({ problem }) {
  const said = problem && !problem.document.errors?.length ? explain(problem) : "";
  return html`<div role="alert">${said && html`<p class="notice bad">${said}</p>`}</div>`;
}

/** Move the focus to the first field that is wrong, each time that an answer came. */
export function useFocusOnError(problem) {
  const form = useRef(null);
  useEffect(() => {
    if (problem) form.current?.querySelector("[aria-invalid=true]")?.focus();
  }, [problem]);
  return form;
}

/**
 * A labelled input.
 *
 * @param {{label: string, value: any, onInput: (value: string) => void, error?: string,
 *   hint?: string, as?: string, children?: any}} props and whatever the input takes
 */
export function Field({ label, value, onInput, error, hint, as = "input", children, ...rest }) {
  const id = useId();
  const described = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(" ");
  return html`
    <div class="field">
      <label for=${id}>${label}</label>
      <${as} id=${id} value=${value} onInput=${(event) => onInput(event.target.value)}
        aria-invalid=${error ? "true" : undefined} aria-describedby=${described || undefined}
        ...${rest}>${children}<//>
      ${hint && html`<p class="quiet small" id=${`${id}-hint`}>${hint}</p>`}
      ${error && html`<p class="error small" id=${`${id}-error`}>${error}</p>`}
    </div>
  `;
}
