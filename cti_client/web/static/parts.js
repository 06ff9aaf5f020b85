// Small things that every view uses. Text from a cycler only ever becomes a text node: no markup is made of it.

export const GROUPS = {
  fault: ["✕", "fault"], away: ["?", "away"], charge: ["▲", "charge"], discharge: ["▼", "discharge"],
  rest: ["◆", "rest"], running: ["●", "running"], paused: ["‖", "paused"], finished: ["✓", "finished"],
  idle: ["○", "idle"],
};

/** Make an element: properties by name, attributes where the name has a dash or is `role`. */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes("-") || name === "role") element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** Set a text, and leave the page alone when it is the same. */
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function number(value, digits) {
  if (value === null || value === undefined) return "–";
  if (Math.abs(value) >= 1e7) return value.toExponential(3);
  return value.toFixed(Math.abs(value) >= 1000 ? Math.min(digits, 2) : digits);
}

export function seconds(value) {
  if (value === null || value === undefined) return "–";
  const whole = Math.floor(value);
  const two = (part) => String(part).padStart(2, "0");
  return `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
}

/** How long a time is, roughly: "12 s", "3 min", "2 h". */
export function span(milliseconds) {
  const whole = Math.max(0, Math.round(milliseconds / 1000));
  if (whole < 90) return `${whole} s`;
  return whole < 5400 ? `${Math.round(whole / 60)} min` : `${Math.round(whole / 3600)} h`;
}

const clock = new Intl.DateTimeFormat([], { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const date = new Intl.DateTimeFormat([], { day: "numeric", month: "short" });

/** A moment in local time; with the date when it was not today. */
export function moment(time) {
  const then = new Date(time);
  const today = then.toDateString() === new Date().toDateString();
  return today ? clock.format(then) : `${date.format(then)} ${clock.format(then)}`;
}

/** What a channel's status is called: one of the groups decides how it looks. */
export function statusWord(channel) {
  return channel.comm_failure ? "comm failure" : channel.status.replaceAll("_", " ");
}

export const channelAddress = (cycler, channel) => `#/channel/${encodeURIComponent(cycler)}/${channel}`;

/** Two buttons or more, of which one is chosen. */
export function choice(label, names, chosen, choose) {
  const buttons = names.map((name) => make("button", { type: "button", textContent: name }));
  const mark = (name) => buttons.forEach((one) => one.setAttribute("aria-pressed", String(one.textContent === name)));
  for (const button of buttons) {
    button.addEventListener("click", () => { mark(button.textContent); choose(button.textContent); });
  }
  mark(chosen);
  return make("div", { className: "choice", role: "group", "aria-label": label }, ...buttons);
}

/** Where something happened, as a link; nothing where it concerns no cycler. */
export function place(cycler, channel) {
  if (cycler === null || cycler === undefined) return null;
  if (channel === null || channel === undefined) return make("b", { textContent: cycler });
  return make("a", { href: channelAddress(cycler, channel), textContent: `${cycler} · ${channel}` });
}

export function eventItem(event, withPlace = true) {
  return make("li", {},
    make("span", { className: "when", textContent: moment(event.time), title: new Date(event.time).toISOString() }),
    withPlace ? place(event.cycler, event.channel) : null, " ",
    make("span", { textContent: event.text }));
}

export function alertItem(alert) {
  const text = alert.channel === null ? make("span", { textContent: alert.text })
    : make("a", { href: channelAddress(alert.cycler, alert.channel), textContent: alert.text });
  return make("li", { className: `alert s-${alert.severity} ${alert.state}` },
    make("span", { className: "when", textContent: moment(alert.time), title: new Date(alert.time).toISOString() }),
    make("span", { className: "severity", textContent: alert.state === "cleared" ? "cleared" : alert.severity }), text);
}
