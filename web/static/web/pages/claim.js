/**
 * The link that came by e-mail: what a manager registered under it becomes the account's.
 *
 * Its token is in the address's fragment, which no server and no log sees. It stays in this tab
 * while one signs in, and leaves the address line at once.
 */

import { post } from "../api.js";
import { boot } from "../boot.js";
import { Frame, signInAddress } from "../components/frame.js";
import { gettext, ngettext } from "../i18n.js";
import { explain } from "../problems.js";
import { html, show, useEffect, useState } from "../view.js";

const KEPT = "claim";

function takeToken() {
  const token = location.hash.slice(1);
  if (token) {
    sessionStorage.setItem(KEPT, token);
    history.replaceState(null, "", location.pathname);
  }
  return sessionStorage.getItem(KEPT) ?? "";
}

async function claim(token) {
  const claimed = await post("/registrations/claim/", { token });
  sessionStorage.removeItem(KEPT);
  return claimed.filter((registration) => registration.status !== "cancelled");
}

function SignInFirst() {
  return html`
    <p>${gettext("Sign in, or sign up with the e-mail that the link was sent to.")}</p>
    <a class="button primary wide" href=${signInAddress()}>${gettext("Sign in")}</a>
    <a class="button wide" href=${`/sign-up/?next=${location.pathname}`}>${gettext("Sign up")}</a>
  `;
}

function Claimed({ registrations }) {
  const count = registrations.length;
  return html`
    <p class="notice good" role="status">
      ${ngettext("The ticket is in your account.", "The tickets are in your account: {count}.", count)}
    </p>
    <a class="button primary wide" href="/tickets/">${gettext("My tickets")}</a>
  `;
}

function Claim({ token }) {
  const [claimed, setClaimed] = useState(null);
  const [problem, setProblem] = useState(null);
  useEffect(() => {
    if (token && boot.user) claim(token).then(setClaimed, setProblem);
  }, []);
  return html`
    <${Frame} title=${gettext("Take your ticket over")}>
      <h1>${gettext("Take your ticket over")}</h1>
      <div class="card">
        ${!token && html`<p>${gettext("This link is not complete. Open it exactly as it was sent.")}</p>`}
        ${token && !boot.user && html`<${SignInFirst} />`}
        ${problem && html`<p class="notice bad" role="alert">${explain(problem)}</p>`}
        ${claimed && html`<${Claimed} registrations=${claimed} />`}
        ${token && boot.user && !claimed && !problem &&
        html`<p class="quiet" role="status">${gettext("One moment …")}</p>`}
      </div>
    <//>
  `;
}

show(html`<${Claim} token=${takeToken()} />`);
