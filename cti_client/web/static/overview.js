// All cyclers and channels. Elements are made once for each channel and then only brought up to date.

import { GROUPS, channelAddress, make, moment, number, span, statusWord, write, eventItem, alertItem } from "./parts.js";

/** With more channels than these, each gets one line only. */
const DENSE = 96;

export class Overview {
  constructor() {
    this.cards = new Map();
    this.chips = new Map();
    this.chosen = new Set();
    this.alerted = new Set();
    this.filter = make("input", {
      className: "filter", type: "search", placeholder: "Filter: cycler, test, status", "aria-label": "Filter channels",
    });
    this.filter.addEventListener("input", () => this.choose());
    this.chipRow = make("div", { className: "chips", role: "group", "aria-label": "Channels by status" });
    this.grid = make("div", { className: "cards" });
    this.nothing = make("p", { className: "soft", textContent: "No channel matches.", hidden: true });
    this.banner = make("section", { className: "banner", "aria-label": "Alerts", hidden: true });
    this.events = make("ul", { className: "happened" });
    this.body = make("div", { className: "columns" },
      make("div", {}, this.grid, this.nothing),
      make("aside", { className: "aside" },
        make("section", { className: "panel" }, make("h2", { textContent: "Events" }), this.events)));
    this.root = make("div", {},
      make("h1", { className: "unseen", textContent: "All cyclers" }), this.banner,
      make("div", { className: "tools" }, this.chipRow, this.filter), this.body);
    this.root.addEventListener("keydown", (event) => this.walk(event));
  }

  title() { return "overview"; }

  address(seen) { return `api/overview?since=${seen}`; }

  show(data) {
    this.dense = Object.values(data.counts).reduce((sum, count) => sum + count, 0) > DENSE;
    this.body.classList.toggle("dense", this.dense);
    for (const cycler of data.cyclers) this.card(cycler);
    this.count(data.counts);
    this.choose();
  }

  showEvents(data) {
    this.events.replaceChildren(...data.events.slice(0, 40).map((event) => eventItem(event)));
    if (!data.events.length) this.events.append(make("li", { className: "soft", textContent: "Nothing has happened since the start." }));
  }

  showAlerts(data) {
    const shown = data.active.slice(-3).reverse().map(alertItem);
    const more = data.active.length - shown.length;
    this.banner.hidden = !shown.length;
    this.banner.replaceChildren(
      make("h2", { textContent: data.active.length === 1 ? "1 alert" : `${data.active.length} alerts` }),
      make("ul", { className: "happened" }, ...shown),
      ...(more > 0 ? [make("a", { href: "#/alerts", textContent: `and ${more} more` })] : []));
    this.alerted = new Set(data.active.map((alert) => channelAddress(alert.cycler ?? "", alert.channel)));
    for (const card of this.cards.values()) for (const tile of card.tiles.values()) this.mark(tile);
  }

  count(counts) {
    for (const [group, [sign, word]] of Object.entries(GROUPS)) {
      const count = counts[group] ?? 0;
      let chip = this.chips.get(group);
      if (!chip && !count) continue;
      if (!chip) {
        const value = make("b");
        const root = make("button", { type: "button", className: `chip g-${group}`, "aria-pressed": "false" },
          make("span", { className: "sign", textContent: sign, "aria-hidden": "true" }), word, value);
        root.addEventListener("click", () => {
          if (!this.chosen.delete(group)) this.chosen.add(group);
          root.setAttribute("aria-pressed", String(this.chosen.has(group)));
          this.choose();
        });
        chip = { root, value };
        this.chips.set(group, chip);
        const later = Object.keys(GROUPS).slice(Object.keys(GROUPS).indexOf(group) + 1);
        const next = later.map((name) => this.chips.get(name)).find(Boolean);
        this.chipRow.insertBefore(root, next ? next.root : null);
      }
      write(chip.value, String(count));
    }
  }

  card(cycler) {
    let card = this.cards.get(cycler.cycler);
    if (!card) {
      const facts = make("span", { className: "soft number" });
      const note = make("span", { className: "away-note", hidden: true });
      const tiles = make("div", { className: "tiles" });
      const root = make("section", { className: "card", "aria-label": cycler.cycler },
        make("header", {}, make("h2", { textContent: cycler.cycler }), facts, note), tiles);
      card = { root, facts, note, grid: tiles, tiles: new Map() };
      this.cards.set(cycler.cycler, card);
      this.grid.append(root);
    }
    card.away = cycler.away;
    const channels = cycler.channels.length;
    let facts = "not reached yet";
    if (cycler.time !== null) {
      facts = `${channels} channel${channels === 1 ? "" : "s"} · serial ${cycler.serial_number || "–"} · ${number(1000 * cycler.latency_s, 0)} ms`;
      if (cycler.away) facts += ` · last reading ${moment(cycler.time)}`;
    }
    write(card.facts, facts);
    card.root.classList.toggle("away", cycler.away !== null);
    card.note.hidden = cycler.away === null;
    this.age(card);
    const there = new Set();
    for (const channel of cycler.channels) {
      there.add(channel.channel);
      this.tile(card, cycler, channel);
    }
    for (const [name, tile] of card.tiles) if (!there.has(name)) { tile.root.remove(); card.tiles.delete(name); }
  }

  /** Say since when a cycler is away; the time goes on while nothing new comes from it. */
  age(card) {
    if (card.away) write(card.note, `✕ away since ${moment(card.away.since)} (${span(Date.now() - card.away.since)}): ${card.away.why}`);
  }

  tile(card, cycler, channel) {
    let tile = card.tiles.get(channel.channel);
    if (!tile) {
      const part = (className) => make("span", { className });
      tile = { sign: part("sign"), word: part("word"), volts: part("volts"), amperes: part("amperes"), test: part("test") };
      tile.root = make("a", { className: "tile", href: channelAddress(cycler.cycler, channel.channel) },
        make("span", { className: "no", textContent: String(channel.channel) }),
        tile.sign, tile.word, make("span", { className: "measured" }, tile.volts, tile.amperes), tile.test);
      card.tiles.set(channel.channel, tile);
      card.grid.append(tile.root);
      this.mark(tile);
    }
    const group = cycler.away ? "away" : channel.group;
    if (tile.group !== group) {
      tile.root.classList.remove(`g-${tile.group}`);
      tile.root.classList.add(`g-${group}`);
      write(tile.sign, GROUPS[group][0]);
      tile.group = group;
    }
    const word = cycler.away ? `was: ${statusWord(channel)}` : statusWord(channel);
    write(tile.word, statusWord(channel));
    write(tile.volts, this.dense ? number(channel.voltage_v, 2) : `${number(channel.voltage_v, 3)} V`);
    write(tile.amperes, `${number(channel.current_a, 3)} A`);
    write(tile.test, channel.test_name);
    const told = `channel ${channel.channel}: ${word}, ${channel.test_name || "no test"}, ${number(channel.voltage_v, 3)} V, ${number(channel.current_a, 3)} A`;
    tile.root.title = told;
    tile.root.setAttribute("aria-label", told);
    tile.text = `${cycler.cycler} ${channel.test_name} ${word} ${GROUPS[group][1]}`.toLowerCase();
  }

  mark({ root }) { root.classList.toggle("alerted", this.alerted.has(root.getAttribute("href"))); }

  /** Hide what does not match the filter. */
  choose() {
    const words = this.filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    const all = !words.length && !this.chosen.size;
    let some = false;
    for (const card of this.cards.values()) {
      let shown = all;
      for (const tile of card.tiles.values()) {
        const fits = all || ((!this.chosen.size || this.chosen.has(tile.group)) && words.every((word) => tile.text.includes(word)));
        if (tile.root.hidden === fits) tile.root.hidden = !fits;
        shown ||= fits;
      }
      this.age(card);
      if (card.root.hidden === shown) card.root.hidden = !shown;
      some ||= shown;
    }
    this.nothing.hidden = some;
  }

  /** Go from tile to tile with the arrow keys. */
  walk(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step || !event.target.classList.contains("tile")) return;
    const tiles = [...this.root.querySelectorAll(".card:not([hidden]) .tile:not([hidden])")];
    tiles[tiles.indexOf(event.target) + step]?.focus();
    event.preventDefault();
  }

  close() {}
}
