// One channel: its curves, its last values, and what happened to it.

import { Curves } from "./curves.js";
import { GROUPS, alertItem, channelAddress, choice, eventItem, make, moment, number, seconds, span, statusWord, write } from "./parts.js";

const VALUES = [
  ["Voltage", "voltage_v", "V", 4], ["Current", "current_a", "A", 4], ["Power", "power_w", "W", 4],
  ["Charge capacity", "charge_capacity_ah", "Ah", 5], ["Discharge capacity", "discharge_capacity_ah", "Ah", 5],
  ["Charge energy", "charge_energy_wh", "Wh", 4], ["Discharge energy", "discharge_energy_wh", "Wh", 4],
  ["Internal resistance", "internal_resistance_ohm", "Ω", 5], ["dV/dt", "dv_dt_v_per_s", "V/s", 6],
  ["AC resistance", "acr_ohm", "Ω", 5], ["AC impedance", "aci_ohm", "Ω", 5], ["AC phase", "aci_phase_deg", "°", 2],
];

const AUX = {
  aux_voltage_v: ["Voltage", "V"], aux_temperature_degc: ["Temperature", "°C"], aux_pressure: ["Pressure", ""],
  aux_external: ["External", ""], aux_flow: ["Flow", ""], aux_ao: ["Analog output", ""], aux_di: ["Digital input", ""],
  aux_do: ["Digital output", ""], aux_humidity_percent: ["Humidity", "%"], aux_safety: ["Safety", ""], aux_ph: ["pH", ""],
  aux_density: ["Density", ""],
};

const WINDOWS = { "10 min": 600e3, "1 h": 3600e3, Test: null, All: Infinity };

/** Points that are kept here at most; then all are fetched anew, thinned out by the server. */
const MOST_POINTS = 8000;

export class Channel {
  constructor(cycler, channel) {
    this.cycler = cycler;
    this.channel = channel;
    this.window = "Test";
    this.forget();
    this.curves = new Curves();
    this.badge = make("span", { className: "badge" });
    this.turn = make("span", { className: "turn" });
    this.note = make("p", { className: "away-note", hidden: true });
    this.facts = make("dl", { className: "facts" });
    this.values = make("tbody");
    this.aux = make("tbody");
    this.auxPanel = make("section", { className: "panel", hidden: true }, make("h2", { textContent: "Auxiliaries" }), make("table", { className: "values" }, this.aux));
    this.events = make("ul", { className: "happened" });
    this.banner = make("section", { className: "banner", "aria-label": "Alerts", hidden: true });
    this.root = make("div", {},
      make("div", { className: "where" }, make("h1", { textContent: `${cycler} · channel ${channel}` }), this.badge, this.turn),
      this.banner, this.note, this.facts,
      make("div", { className: "columns" },
        make("div", {},
          make("div", { className: "tools" },
            choice("Curves against", ["Time", "Capacity"], "Time", (name) => this.curves.choose(name)),
            choice("From when on", Object.keys(WINDOWS), this.window, (name) => { this.window = name; this.draw(true); })),
          make("section", { className: "panel", "aria-label": "Curves" }, this.curves.root)),
        make("aside", { className: "aside" },
          make("section", { className: "panel" }, make("h2", { textContent: "Last values" }), make("table", { className: "values" }, this.values)),
          this.auxPanel,
          make("section", { className: "panel" }, make("h2", { textContent: "Events" }), this.events))));
  }

  title() { return `${this.cycler} · ${this.channel}`; }

  forget() { this.points = null; this.last = 0; }

  address() {
    return `api/series?cycler=${encodeURIComponent(this.cycler)}&channel=${this.channel}&since=${this.last}`;
  }

  show(data) {
    if (data.error) {
      this.note.hidden = false;
      write(this.note, `${data.error}: it has not been reached yet.`);
      return;
    }
    this.take(data);
    const reading = data.reading, group = data.away ? "away" : reading.group;
    this.badge.className = `badge g-${group}`;
    this.badge.replaceChildren(make("span", { className: "sign", textContent: GROUPS[group][0], "aria-hidden": "true" }),
      data.away ? `away, was: ${statusWord(reading)}` : statusWord(reading));
    this.note.hidden = !data.away && !data.problem;
    if (data.away) write(this.note, `✕ ${this.cycler} is away since ${moment(data.away.since)} (${span(Date.now() - data.away.since)}): ${data.away.why}`);
    else if (data.problem) write(this.note, `Older points are missing: ${data.problem}`);
    this.neighbours(data.channels);
    this.list(this.facts, [
      ["Test", reading.test_name || "–"], ["Schedule", reading.schedule_name || "–"],
      ["Cycle", reading.cycle_index ?? "–"], ["Step", reading.step_and_cycle || reading.step_index || "–"],
      ["Test time", seconds(reading.test_time_s)], ["Step time", seconds(reading.step_time_s)],
      ...(reading.barcode ? [["Barcode", reading.barcode]] : []),
      ...(reading.exit_condition && reading.exit_condition !== "N/A" ? [["Ended by", reading.exit_condition]] : []),
      ...(reading.master_channel !== this.channel ? [["In parallel with", reading.master_channel]] : []),
      ["Read", moment(data.time)],
    ]);
    this.table(this.values, VALUES.map(([word, name, unit, digits]) => [word, number(reading[name], digits), unit]));
    const aux = Object.entries(data.aux).flatMap(([name, values]) => {
      const [word, unit] = AUX[name] ?? [name, ""];
      return values.map((value, index) => [`${word} ${index + 1}`, number(value, 3), unit]);
    });
    this.auxPanel.hidden = !aux.length;
    this.table(this.aux, aux);
    this.draw();
  }

  /** Put new points behind those that are there. */
  take(data) {
    // Older points of the test came with the first answer only.
    if (this.test?.test_name !== data.test.test_name) this.test = data.test;
    this.test.seen_since = Math.min(this.test.seen_since, data.test.seen_since);
    const points = data.points;
    if (!this.points) this.points = points;
    else for (const [name, column] of Object.entries(points)) this.points[name].push(...column);
    const times = this.points.time;
    // The clock was set back, or there are too many: fetch all anew the next time.
    const anew = times.length > MOST_POINTS || data.time < this.last;
    if (anew) this.forget();
    else this.last = times.length ? times[times.length - 1] : 0;
    if (this.points) this.drawn = this.points;
  }

  draw(anew = false) {
    if (!this.drawn) return;
    const times = this.drawn.time, back = WINDOWS[this.window];
    const end = times.length ? times[times.length - 1] : 0;
    this.curves.show(this.drawn, back === null ? this.test.seen_since : end - back, anew);
  }

  neighbours(channels) {
    const place = channels.indexOf(this.channel);
    const text = `${channels[place - 1]} ${channels[place + 1]}`;
    if (this.neighbouring === text) return;
    this.neighbouring = text;
    const link = (channel, word) => channel === undefined ? null : make("a", { href: channelAddress(this.cycler, channel), textContent: word });
    this.turn.replaceChildren(...[link(channels[place - 1], `‹ channel ${channels[place - 1]}`), link(channels[place + 1], `channel ${channels[place + 1]} ›`)].filter(Boolean));
  }

  list(root, rows) {
    const made = rows.length === root.children.length;
    if (!made) root.replaceChildren(...rows.map(() => make("div", {}, make("dt"), make("dd", { className: "number" }))));
    rows.forEach(([word, text], index) => {
      const [dt, dd] = root.children[index].children;
      write(dt, word);
      write(dd, String(text));
    });
  }

  table(root, rows) {
    if (rows.length !== root.children.length) {
      root.replaceChildren(...rows.map(() => make("tr", {}, make("th", { scope: "row" }), make("td"), make("td"))));
    }
    rows.forEach((row, index) => row.forEach((text, column) => write(root.children[index].children[column], text)));
  }

  showEvents(data) {
    const own = data.events.filter((event) => event.cycler === null || (event.cycler === this.cycler && (event.channel === null || event.channel === this.channel)));
    this.events.replaceChildren(...own.slice(0, 40).map((event) => eventItem(event, event.channel === null)));
    if (!own.length) this.events.append(make("li", { className: "soft", textContent: "Nothing has happened since the start." }));
  }

  eventsAddress() { return `api/events?cycler=${encodeURIComponent(this.cycler)}&channel=${this.channel}`; }

  showAlerts(data) {
    const own = data.active.filter((alert) => alert.cycler === this.cycler && (alert.channel === null || alert.channel === this.channel));
    this.banner.hidden = !own.length;
    this.banner.replaceChildren(make("ul", { className: "happened" }, ...own.map(alertItem)));
  }

  close() { this.curves.close(); }
}
