// Curves of one channel, drawn by uPlot: against time, or against capacity.

import { make, moment, number, write } from "./parts.js";

const QUANTITIES = [
  { column: "voltage_v", word: "Voltage", unit: "V", digits: 4, color: "--voltage", height: 230 },
  { column: "current_a", word: "Current", unit: "A", digits: 4, color: "--current", height: 165 },
  { column: "temperature_t1_degc", word: "Temperature", unit: "°C", digits: 2, color: "--temperature", height: 165 },
];

const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** A line through points in whatever order they come; a null breaks it. */
function line(plot, series) {
  uPlot.orient(plot, series, (own, dataX, dataY, scaleX, scaleY, toX, toY, left, top, width, height) => {
    const [xs, ys] = plot.data[series];
    const path = new Path2D();
    let down = false;
    for (let index = 0; index < xs.length; index++) {
      if (xs[index] === null || ys[index] === null) { down = false; continue; }
      const x = toX(xs[index], scaleX, width, left), y = toY(ys[index], scaleY, height, top);
      if (down) path.lineTo(x, y); else path.moveTo(x, y);
      down = true;
    }
    plot.ctx.save();
    plot.ctx.beginPath();
    plot.ctx.rect(plot.bbox.left, plot.bbox.top, plot.bbox.width, plot.bbox.height);
    plot.ctx.clip();
    plot.ctx.strokeStyle = own.stroke(plot, series);
    plot.ctx.lineWidth = 1.6 * devicePixelRatio;
    plot.ctx.stroke(path);
    plot.ctx.restore();
  });
  return null;
}

/** Points while it charges against the charge capacity, or the same for discharge; a reset of the counter breaks it. */
export function againstCapacity(points, column, charging) {
  const capacities = points[charging ? "charge_capacity_ah" : "discharge_capacity_ah"];
  const xs = [], ys = [];
  let last = null;
  for (let index = 0; index < capacities.length; index++) {
    const flows = points.current_a[index];
    const fits = flows !== null && capacities[index] !== null && (charging ? flows > 0 : flows < 0);
    const x = fits ? capacities[index] : null;
    if (x !== null && last !== null && x < last) { xs.push(null); ys.push(null); }
    if (x !== null || last !== null) { xs.push(x); ys.push(x === null ? null : points[column][index]); }
    last = x;
  }
  return [xs, ys];
}

/** Keep a scale apart when all its values are one. */
function apart(plot, low, high) {
  if (low === null || high === null || !Number.isFinite(low)) return [0, 1];
  const room = low === high ? Math.abs(low) * 0.01 || 0.01 : (high - low) * 0.06;
  return [low - room, high + room];
}

export class Curves {
  constructor() {
    this.against = "Time";
    this.root = make("div", {});
    this.plots = [];
    this.points = null;
    this.dark = matchMedia("(prefers-color-scheme: dark)");
    this.rebuild = () => this.build();
    this.dark.addEventListener("change", this.rebuild);
    this.watch = new ResizeObserver(() => this.resize());
    this.watch.observe(this.root);
  }

  /** Show points from `from` (milliseconds since 1970) on; a part that somebody looks at stays, if not `anew`. */
  show(points, from, anew) {
    let first = 0;
    while (first < points.time.length && points.time[first] < from) first++;
    this.points = Object.fromEntries(Object.entries(points).map(([name, column]) => [name, first ? column.slice(first) : column]));
    if (!this.plots.length) this.build();
    else for (const one of this.plots) {
      const stay = !anew && this.zoomed(one.plot);
      one.plot.setData(this.data(one.quantity), !stay);
      if (stay) one.plot.redraw();
      this.tell(one);
    }
  }

  /** Tell whether less is shown than there is. */
  zoomed({ data, scales }) {
    const columns = this.against === "Time" ? [data[0]] : [data[1][0], data[2][0]];
    const xs = columns.flat().filter((x) => x !== null);
    return xs.some((x) => x < scales.x.min || x > scales.x.max);
  }

  choose(against) { this.against = against; this.build(); }

  data({ column }) {
    const points = this.points;
    if (this.against === "Time") return [points.time.map((time) => time / 1000), points[column]];
    return [null, againstCapacity(points, column, true), againstCapacity(points, column, false)];
  }

  build() {
    if (!this.points) return;
    for (const one of this.plots) one.plot.destroy();
    this.root.replaceChildren();
    this.plots = QUANTITIES.map((quantity) => {
      const value = make("b"), at = make("span", { className: "at" }), holder = make("div", { className: "plot" });
      const mark = make("span", { textContent: "━", "aria-hidden": "true" });
      mark.style.color = color(quantity.color);
      const legend = this.against === "Time" ? null
        : make("span", { className: "soft" }, make("span", { className: "sign g-charge", textContent: "━ charge " }), make("span", { className: "sign g-discharge", textContent: " ━ discharge" }));
      this.root.append(make("div", { className: "chart", role: "img", "aria-label": `${quantity.word} against ${this.against.toLowerCase()}` },
        make("div", { className: "chart-head" }, legend ? null : mark, make("span", { textContent: quantity.word }), value, legend, at), holder));
      const one = { quantity, value, at };
      one.plot = new uPlot(this.options(one), this.data(quantity), holder);
      this.tell(one);
      return one;
    });
  }

  options(one) {
    const { quantity } = one, soft = color("--soft"), grid = { stroke: color("--grid"), width: 1 };
    const axis = { stroke: soft, grid, ticks: grid, font: "12px system-ui, sans-serif" };
    const common = {
      width: Math.max(240, this.root.clientWidth), height: quantity.height,
      legend: { show: false },
      axes: [{ ...axis, size: 32, space: 78 }, { ...axis, size: 62, space: 26 }],
    };
    if (this.against === "Time") {
      return { ...common,
        cursor: { sync: { key: "time" }, points: { size: 7 } },
        hooks: { setCursor: [() => this.tell(one)] },
        axes: [{ ...common.axes[0], values: (plot, splits, index, space, step) => splits.map((split) => hour(split, step)) }, common.axes[1]],
        scales: { x: { time: true }, y: { range: apart } },
        series: [{}, { stroke: color(quantity.color), width: 1.6, points: { show: false }, spanGaps: false }] };
    }
    const facets = [{ scale: "x", auto: true }, { scale: "y", auto: true }];
    const half = (name) => ({ facets, stroke: color(name), paths: line, points: { show: false } });
    return { ...common, mode: 2,
      cursor: { points: { show: false } },
      hooks: { setCursor: [() => this.tell(one)] },
      axes: [{ ...common.axes[0], values: (plot, splits) => splits.map((split) => `${+split.toPrecision(6)}`) }, common.axes[1]],
      scales: { x: { time: false, range: apart }, y: { range: apart } },
      series: [null, half("--charge"), half("--discharge")] };
  }

  /** Write the value under the cursor, or else the latest one. */
  tell({ quantity, plot, value, at }) {
    if (!plot) return;
    const points = this.points, index = plot.cursor.idx, inside = plot.cursor.left >= 0;
    if (this.against !== "Time") {
      write(value, "");
      const x = plot.posToVal(plot.cursor.left, "x"), y = plot.posToVal(plot.cursor.top, "y");
      write(at, inside ? `${number(x, 5)} Ah, ${number(y, quantity.digits)} ${quantity.unit}` : "Ah");
      return;
    }
    const shown = inside && index !== null && index !== undefined ? index : points.time.length - 1;
    write(value, shown < 0 ? "–" : `${number(points[quantity.column][shown], quantity.digits)} ${quantity.unit}`);
    write(at, shown < 0 ? "" : moment(points.time[shown]));
  }

  resize() {
    const width = Math.max(240, this.root.clientWidth);
    for (const { plot, quantity } of this.plots) if (plot.width !== width) plot.setSize({ width, height: quantity.height });
  }

  close() {
    this.watch.disconnect();
    this.dark.removeEventListener("change", this.rebuild);
    for (const { plot } of this.plots) plot.destroy();
  }
}

/** An hour on the axis, with seconds where the steps are that small, and the date at midnight. */
function hour(time, step) {
  const then = new Date(time * 1000), two = (part) => String(part).padStart(2, "0");
  if (then.getHours() + then.getMinutes() + then.getSeconds() === 0) return then.toLocaleDateString([], { day: "numeric", month: "short" });
  return `${two(then.getHours())}:${two(then.getMinutes())}${step < 60 ? ":" + two(then.getSeconds()) : ""}`;
}
