/** Signing in. */

import { Field, FormError, useFocusOnError, useSubmit } from "../components/form.js";
import { Frame } from "../components/frame.js";
import { gettext } from "../i18n.js";
import { signIn } from "../session.js";
import { html, show, useState } from "../view.js";

function SignIn() {
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const { busy, problem, errors, submit } = useSubmit(() => signIn(email, password));
  const form = useFocusOnError(problem);
  return html`
    <${Frame} title=${gettext("Sign in")}>
      <h1>${gettext("Sign in")}</h1>
      <form class="card" ref=${form} onSubmit=${submit} novalidate>
        <${Field} label=${gettext("E-mail")} type="email" autocomplete="username" value=${email}
          onInput=${setEmail} error=${errors["#/email"]} />
        <${Field} label=${gettext("Password")} type="password" autocomplete="current-password"
          value=${password} onInput=${setPassword} error=${errors["#/password"]} />
        <${FormError} problem=${problem} />
        <button class="primary wide" disabled=${busy}>${gettext("Sign in")}</button>
      </form>
      <p>${gettext("No account yet?")} <a href=${`/sign-up/${location.search}`}>
        ${gettext("Sign up")}</a></p>
    <//>
  `;
}

show(html`<${SignIn} />`);
