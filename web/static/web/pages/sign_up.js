/** Making an account, and being signed in with it. */

import { post } from "../api.js";
import { Field, FormError, useFocusOnError, useSubmit } from "../components/form.js";
import { Frame } from "../components/frame.js";
import { gettext } from "../i18n.js";
import { signIn } from "../session.js";
import { html, show, useState } from "../view.js";

function SignUp() {
  const [name, setName] = useState("");
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const { busy, problem, errors, submit } = useSubmit(async () => {
    await post("/users/", { full_name: name, email, password });
    await signIn(email, password);
  });
  const form = useFocusOnError(problem);
  return html`
    <${Frame} title=${gettext("Sign up")}>
      <h1>${gettext("Sign up")}</h1>
      <form class="card" ref=${form} onSubmit=${submit} novalidate>
        <${Field} label=${gettext("Full name")} autocomplete="name" value=${name}
          onInput=${setName} error=${errors["#/full_name"]}
          hint=${gettext("As it should be read at the entrance.")} />
        <${Field} label=${gettext("E-mail")} type="email" autocomplete="username" value=${email}
          onInput=${setEmail} error=${errors["#/email"]} />
        <${Field} label=${gettext("Password")} type="password" autocomplete="new-password"
          value=${password} onInput=${setPassword} error=${errors["#/password"]}
          hint=${gettext("At least 8 characters, and not one that everybody uses.")} />
        <${FormError} problem=${problem} />
        <button class="primary wide" disabled=${busy}>${gettext("Sign up")}</button>
      </form>
      <p>${gettext("You have an account?")} <a href=${`/sign-in/${location.search}`}>
        ${gettext("Sign in")}</a></p>
    <//>
  `;
}

show(html`<${SignUp} />`);
