/** A part of the page whose module is fetched when it is first needed. */

import { gettext } from "../../i18n.js";
import { html, useEffect, useState } from "../../view.js";

/** @param {{load: () => Promise<{default: any}>}} props and what the part itself takes */
export function Later({ load, ...rest }) {
  const [found, setFound] = useState({ Part: null, isMissing: false });
  useEffect(() => {
    load().then(
      ({ default: Part }) => setFound({ Part, isMissing: false }),
      () => setFound({ Part: null, isMissing: true }),
    );
  }, []);
  if (found.isMissing) {
    return html`<p role="alert" class="gate-missing">${gettext("This part could not be fetched. Try again with a connection.")}</p>`;
  }
  return found.Part && html`<${found.Part} ...${rest} />`;
}
