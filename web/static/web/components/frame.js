/** What every page has around it: where one is, who one is, in which language. */

import { boot } from "../boot.js";
import { gettext } from "../i18n.js";
import { signOut } from "../session.js";
import { html, useEffect } from "../view.js";

/** Named in their own language, for whoever cannot read the present one. */
const LANGUAGES = { en: "English", de: "Deutsch" };
/** How long Django is told to remember the choice, in seconds: a year. */
const REMEMBER_S = 365 * 24 * 3600;

function speak(language) {
  // Django's LocaleMiddleware reads this cookie (LANGUAGE_COOKIE_NAME).
  document.cookie = `django_language=${language}; path=/; max-age=${REMEMBER_S}; samesite=lax`;
  location.reload();
}

function Link({ href, children }) {
  const current = location.pathname === href ? "page" : undefined;
  return html`<a href=${href} aria-current=${current}>${children}</a>`;
}

function Top() {
  return html`
    <header class="top">
      <nav aria-label=${gettext("Pages")}>
        <${Link} href="/">${gettext("Events")}<//>
        ${boot.user && html`<${Link} href="/tickets/">${gettext("My tickets")}<//>`}
      </nav>
      ${!boot.user && html`<a class="last" href=${signInAddress()}>${gettext("Sign in")}</a>`}
    </header>
  `;
}

function Foot() {
  const others = Object.keys(LANGUAGES).filter((language) => language !== boot.language);
  return html`
    <footer class="foot">
      ${boot.user &&
      html`<button class="plain" onClick=${signOut}>
        ${gettext("Sign out {name}", { name: boot.user.full_name })}
      </button>`}
      ${others.map(
        (language) => html`<button class="plain" lang=${language} onClick=${() => speak(language)}>
          ${LANGUAGES[language]}
        </button>`,
      )}
    </footer>
  `;
}

/** The address that signs in and comes back here. */
export function signInAddress() {
  const here = location.pathname;
  return here.startsWith("/sign-") ? "/sign-in/" : `/sign-in/?next=${encodeURIComponent(here)}`;
}

/** @param {{title: string, children: any}} props */
export function Frame({ title, children }) {
  useEffect(() => void (document.title = title), [title]);
  return html`<${Top} /><main>${children}</main><${Foot} />`;
}
