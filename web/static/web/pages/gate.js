/** The gate: camera, verdict, and what else people at a door need. */

import { Feedback } from "../gate/feedback.js";
import { Gate } from "../gate/gate.js";
import { keepGate } from "../gate/offline.js";
import { Alerts } from "../gate/ui/alerts.js";
import { Header } from "../gate/ui/header.js";
import { Icon } from "../gate/ui/icons.js";
import { Later } from "../gate/ui/later.js";
import { Unpaired } from "../gate/ui/unpaired.js";
import { VerdictArea } from "../gate/ui/verdict.js";
import { Viewfinder } from "../gate/ui/viewfinder.js";
import { listenForScanner } from "../gate/usb_scanner.js";
import { gettext } from "../i18n.js";
import { html, show, useEffect, useState } from "../view.js";

const KIOSK = "gate.kiosk";
/** Fetched after the first scan, which waits for none of them; later the network may be gone. */
const PANELS = {
  manual: () => import("../gate/ui/manual_panel.js"),
  log: () => import("../gate/ui/log_panel.js"),
  settings: () => import("../gate/ui/settings_panel.js"),
  leave: () => import("../gate/ui/leave_panel.js"),
};
const fetchPanels = () => Object.values(PANELS).forEach((load) => load().catch(() => {}));

const gate = new Gate(new Feedback());

function useGate() {
  const [state, setState] = useState(gate.state);
  useEffect(() => gate.subscribe(setState), []);
  useEffect(() => {
    setState(gate.state);
    gate.start();
    keepGate().catch(() => {}); // A full disk; the page works as long as it is open.
    return listenForScanner((text) => gate.scan(text));
  }, []);
  useEffect(() => {
    // In a dialog, Escape closes that.
    const clear = ({ key }) => key === "Escape" && !document.querySelector("dialog[open]") && gate.clear();
    addEventListener("keydown", clear);
    return () => removeEventListener("keydown", clear);
  }, []);
  return state;
}

function GatePage() {
  const state = useGate();
  if (state.isPaired === false) return html`<${Unpaired} waiting=${state.queue + state.stranded} />`;
  if (!state.me) return html`<${Connecting} isOnline=${state.isOnline} />`;
  return html`<${Door} state=${state} />`;
}

function Connecting({ isOnline }) {
  return html`
    <main class="gate-plain" aria-live="polite">
      <h1>${gettext("Gate")}</h1>
      <p>${isOnline ? gettext("Connecting…") : gettext("The server does not answer yet. It is asked again every few seconds.")}</p>
    </main>
  `;
}

function Door({ state }) {
  const [panel, setPanel] = useState("");
  const [isLive, setLive] = useState(false);
  const [isKiosk, setKiosk] = useKiosk();
  // Whoever scans, or lets somebody in by hand, wants to see what came of it.
  useEffect(() => setPanel(""), [state.verdictTurn]);
  useEffect(() => void (state.verdictTurn === 1 && fetchPanels()), [state.verdictTurn]);
  const close = () => setPanel("");
  const kiosk = (isOn) => {
    close();
    setKiosk(isOn);
  };
  return html`
    <div class="gate" data-kind=${state.verdict?.kind ?? "idle"} data-kiosk=${isKiosk}>
      <${Header} gate=${gate} state=${state} />
      <${Alerts} gate=${gate} alerts=${state.alerts} />
      <main class="gate-main">
        <${VerdictArea} state=${state} isReady=${isLive} onTap=${() => gate.clear()} />
        <${Viewfinder} gate=${gate} onLive=${setLive} />
      </main>
      ${isKiosk
        ? html`<${LeaveKiosk} onAsk=${() => setPanel("leave")} />`
        : html`<${Toolbar} alerts=${state.alerts.length} onOpen=${setPanel} />`}
      ${panel &&
      html`<${Later}
        key=${panel} load=${PANELS[panel]} gate=${gate} state=${state} onKiosk=${kiosk} onClose=${close}
      />`}
    </div>
  `;
}

function Toolbar({ alerts, onOpen }) {
  const late = alerts > 0 && html`<span class="badge">${alerts}</span>`;
  return html`
    <nav class="gate-tools" aria-label=${gettext("Tools")}>
      <button type="button" onClick=${() => onOpen("manual")}><${Icon} name="search" />${gettext("Name")}</button>
      <button type="button" onClick=${() => onOpen("log")}><${Icon} name="list" />${gettext("Scans")}${late}</button>
      <button type="button" onClick=${() => onOpen("settings")}><${Icon} name="settings" />${gettext("Settings")}</button>
    </nav>
  `;
}

const LeaveKiosk = ({ onAsk }) => html`
  <nav class="gate-tools" aria-label=${gettext("Tools")}>
    <button type="button" class="plain" onClick=${onAsk}>${gettext("Staff")}</button>
  </nav>
`;

function useKiosk() {
  const [isKiosk, setKiosk] = useState(localStorage.getItem(KIOSK) === "yes");
  function change(isOn) {
    localStorage.setItem(KIOSK, isOn ? "yes" : "no");
    setKiosk(isOn);
    // iPhones have no full screen for pages; hiding the rest works there as well.
    if (isOn) document.documentElement.requestFullscreen?.().catch(() => {});
    else if (document.fullscreenElement) document.exitFullscreen();
  }
  useEffect(() => {
    if (!isKiosk) return undefined;
    const refuse = (event) => event.preventDefault();
    addEventListener("contextmenu", refuse);
    return () => removeEventListener("contextmenu", refuse);
  }, [isKiosk]);
  return [isKiosk, change];
}

show(html`<${GatePage} />`);
