/** The list of published events. */

import { getAll } from "../api.js";
import { gettext } from "../i18n.js";
import { html, render, useEffect, useState } from "../view.js";

function Events() {
  const [events, setEvents] = useState(null);
  useEffect(() => void getAll("/events/?status=published&ordering=starts_at").then(setEvents), []);
  return html`<main><h1>${gettext("Events")}</h1>
    <ul>${events?.map((event) => html`<li key=${event.id}>${event.name}</li>`)}</ul></main>`;
}

render(html`<${Events} />`, document.getElementById("app"));
