// The frame around the views: which one is shown, and one question to the server per period.

import { Channel } from "./channel.js";
import { Overview } from "./overview.js";
import { alertItem, eventItem, make, moment, write } from "./parts.js";

/** How long an answer may take, and how long to wait when there was none. */
const PATIENCE_MS = 8000, AGAIN_MS = 2000;

const main = document.getElementById("view");
const contact = document.getElementById("contact");
const spoken = document.getElementById("spoken");
const badge = document.getElementById("alert-count");

/** What happened, the newest first; nothing else is asked for than whether there is more. */
class List {
  constructor(word, ...headings) {
    this.word = word;
    this.lists = headings.map(() => make("ul", { className: "happened" }));
    this.root = make("div", {}, make("h1", { className: "unseen", textContent: word }), ...headings.map((heading, index) =>
      make("section", { className: "panel" }, make("h2", { textContent: heading }), this.lists[index])));
  }
  title() { return this.word.toLowerCase(); }
  address() { return "api/health"; }
  show() {}
  fill(index, items, nothing) {
    this.lists[index].replaceChildren(...items);
    if (!items.length) this.lists[index].append(make("li", { className: "soft", textContent: nothing }));
  }
  close() {}
}

class EventList extends List {
  constructor() { super("Events", "Events since the start"); }
  showEvents(data) { this.fill(0, data.events.map((event) => eventItem(event)), "Nothing has happened."); }
}

class AlertList extends List {
  constructor() { super("Alerts", "Now", "Since the start"); }
  showAlerts(data) {
    const nothing = data.rules ? "No alert." : "No rules were given: start cti serve with --rules FILE.";
    this.fill(0, [...data.active].reverse().map(alertItem), nothing);
    this.fill(1, data.alerts.map(alertItem), nothing);
  }
}

let view = null, known = null, seen = 0, timer = 0, lostSince = null, turn = 0, asking = false;

function open() {
  const [, page, cycler, channel] = location.hash.split("/");
  view?.close();
  if (page === "channel" && /^\d{1,6}$/.test(channel ?? "")) view = new Channel(decoded(cycler), Number(channel));
  else if (page === "events") view = new EventList();
  else if (page === "alerts") view = new AlertList();
  else view = new Overview();
  for (const link of document.querySelectorAll("nav a")) {
    if (link.dataset.page === (page || "overview")) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  main.replaceChildren(view.root);
  scrollTo(0, 0);
  known = null;
  seen = 0;
  turn += 1;
  ask();
}

function decoded(text) {
  try { return decodeURIComponent(text); } catch { return text; }
}

async function get(address) {
  const answer = await fetch(address, { signal: AbortSignal.timeout(PATIENCE_MS), cache: "no-store" });
  if (answer.status === 401) throw new Error("no token: open the address that cti serve showed");
  const data = await answer.json();
  if (!answer.ok && answer.status !== 404) throw new Error(data.error);
  return data;
}

/** Ask once, show it, and ask again after a period. Only one question is under way at a time. */
async function ask() {
  clearTimeout(timer);
  asking = true;
  const mine = turn, shown = view;
  let wait = AGAIN_MS;
  try {
    const data = await get(shown.address(seen));
    if (mine !== turn) return;
    if (known && data.started !== undefined && data.started !== known.started) { location.reload(); return; }
    shown.show(data);
    if (data.error === undefined) {
      seen = data.polls;
      await follow(shown, data, mine);
      if (mine !== turn) return;
      wait = Math.min(Math.max(1000 * data.period_s, 500), 5000);
    }
    lostSince = null;
    contact.className = "contact";
    write(contact, data.cyclers_away ? `live, ${data.cyclers_away} away` : "live");
  } catch (error) {
    if (mine !== turn) return;
    lostSince ??= Date.now();
    contact.className = "contact lost";
    write(contact, `no answer since ${moment(lostSince)}: ${error.name === "TypeError" || error.name === "TimeoutError" ? "cti serve does not answer" : error.message}`);
  }
  asking = false;
  timer = setTimeout(ask, wait);
}

/** Fetch events and alerts, when there are new ones. */
async function follow(shown, data, mine) {
  const before = known;
  if (shown.showEvents && data.last_event !== before?.last_event) {
    const events = await get(shown.eventsAddress?.() ?? "api/events");
    if (mine !== turn) return;
    shown.showEvents(events);
  }
  if (data.last_alert !== before?.last_alert || data.alerts_active !== before?.alerts_active) {
    const alerts = await get("api/alerts");
    if (mine !== turn) return;
    shown.showAlerts?.(alerts);
    const newest = alerts.alerts[0];
    if (before && newest && newest.state === "fired" && newest.id > before.last_alert) write(spoken, `Alert: ${newest.text}`);
  }
  known = data;
  badge.hidden = !data.alerts_active;
  write(badge, String(data.alerts_active));
  const title = `${data.alerts_active ? `(${data.alerts_active}) ` : ""}CTI · ${shown.title()}`;
  if (document.title !== title) document.title = title;
}

// The browser has kept the token by now; it need not stand in the address.
const address = new URL(location.href);
if (address.searchParams.has("token")) {
  address.searchParams.delete("token");
  history.replaceState(null, "", address.pathname + address.search + address.hash);
}
addEventListener("hashchange", open);
document.addEventListener("visibilitychange", () => { if (!document.hidden && !asking) ask(); });
open();
