/** One chart with its legend, its crosshair and its keys: a group of series of the run on one pair of axes. */

import { besideLegend, besideLines, besideWords } from "./beside.js";
import { colourOf, h, setText } from "./dom.js";
import { slowestWords, splitWords } from "./parts.js";
import { draw } from "./plot.js";
import { nearest } from "./store.js";
import { count, label, value } from "./wording.js";
import { ZoomGestures } from "./zoom.js";

const STEPS = { ArrowRight: 1, ArrowLeft: -1, ArrowUp: 10, ArrowDown: -10, PageUp: 50, PageDown: -50 };

const EVENT_COLOURS = {
  checkpoint: "--zoo-good",
  knob: "--zoo-accent",
  branch: "--zoo-accent",
  pause: "--zoo-text-quiet",
  lost: "--zoo-bad",
  rejected: "--zoo-bad",
  discarded: "--zoo-warn",
  early: "--zoo-accent",
};

/** Where a box of `width` begins to lie beside `left` and within `room`: right of it, else left of it, else over it. */
export function besides(left, width, room, gap = 12) {
  if (left + gap + width <= room) return left + gap;
  return left - gap - width >= 0 ? left - gap - width : Math.max(room - width, 0);
}

export class ChartPanel {
  /**
   * `names` gives the series to show, each with its colour's CSS property: [["loss", "--zoo-series-0"], …].
   * `hover` is shared by the panels of a view: {iteration, listeners}. A `timed` panel tells of the hovered
   * iteration also who was slowest and where its time went.
   */
  constructor(store, title, names, hover, timed = false) {
    this.store = store;
    this.names = names;
    this.hover = hover;
    this.timed = timed;
    this.places = null;
    this.legend = h("div", { class: "zoo-legend" });
    this.besides = h("div", { class: "zoo-legend zoo-legend-beside" });
    this.canvas = h("canvas", {
      class: "zoo-canvas",
      tabindex: "0",
      role: "slider",
      "aria-label": `${title} by iteration; arrow keys read the values, + and - zoom`,
      onkeydown: (event) => this.key(event),
      onpointermove: (event) => (this.zoom.start ? this.hover.move(null) : this.point(event.offsetX)),
      onpointerleave: () => this.hover.move(null),
      onblur: () => this.hover.move(null),
    });
    this.tooltip = h("div", { class: "zoo-tooltip", "aria-hidden": "true", hidden: "" });
    this.zoom = new ZoomGestures(this.canvas, store, () => this.places, (left) => this.point(left));
    this.zoom.picked = (iteration) => this.hover.pick?.(iteration);
    this.plot = h("div", { class: "zoo-plot" }, this.canvas, this.zoom.band, this.tooltip);
    this.element = h("figure", { class: "zoo-panel" }, this.legend, this.besides, this.plot);
  }

  /** The series as the plot wants them: smoothed lines by iteration, marks by epoch. */
  chart() {
    const { rows, epochs, settings } = this.store;
    const shown = this.names().filter(([name]) => !settings.hidden.has(name));
    const lines = [];
    const marks = [];
    for (const [name, property] of shown) {
      const colour = colourOf(this.element, property);
      const values = rows.get(name);
      // Keras' metrics are running means of the epoch already: only the loss of single batches is noisy
      const weight = name === "loss" ? settings.smoothing : 0;
      if (values.length) {
        lines.push({ name, colour, iterations: rows.get("iteration"), values, smoothed: this.store.smoothed(name, weight) });
      }
      lines.push(...besideLines(this.store, name, weight, (own) => colourOf(this.element, own)));
      const validation = epochs.get(`val_${name}`);
      if (validation.length) {
        marks.push({ name: `val_${name}`, colour, iterations: epochs.get("iteration"), values: validation });
      }
    }
    const log = settings.log && this.names()[0]?.[0] === "loss";
    const { zoom, logX } = settings;
    return { lines, marks, epochEnds: epochs.get("iteration"), events: this.events(), log, logX, zoom };
  }

  /** What happened besides, as the plot wants it. */
  events() {
    if (!this.timed) return [];
    const colour = (kind) => colourOf(this.element, EVENT_COLOURS[kind] ?? "--zoo-text-quiet");
    return this.store.marks.map(([iteration, kind, words]) => ({ iteration, words, colour: colour(kind) }));
  }

  /** Draw everything anew. */
  update() {
    this.drawLegend();
    const chart = this.chart();
    const crosshair = this.crosshair(chart);
    this.places = draw(this.canvas, chart, this.colours(), crosshair);
    this.tell(chart, crosshair);
  }

  colours() {
    return {
      axis: colourOf(this.element, "--zoo-axis"),
      grid: colourOf(this.element, "--zoo-grid"),
      text: colourOf(this.element, "--zoo-text-quiet"),
      background: colourOf(this.element, "--zoo-background"),
      font: `11px ${getComputedStyle(this.element).fontFamily || "sans-serif"}`,
    };
  }

  crosshair(chart) {
    const iterations = this.store.rows.get("iteration");
    if (this.hover.iteration === null || !iterations.length) return null;
    const index = nearest(iterations, this.hover.iteration);
    const ends = this.store.epochs.get("iteration");
    const close = nearest(ends, iterations[index]);
    const reach = Math.max(1, (iterations.at(-1) - iterations[0]) * 0.02);
    const epochIndex = chart.marks.length && Math.abs(ends[close] - iterations[index]) <= reach ? close : -1;
    return { iteration: iterations[index], index, epochIndex };
  }

  /** Say the crosshair's values: in the tooltip for eyes, as the slider's text for screen readers. */
  tell(chart, crosshair) {
    const iterations = this.store.rows.get("iteration");
    this.canvas.setAttribute("aria-valuemin", iterations[0] ?? 0);
    this.canvas.setAttribute("aria-valuemax", iterations.at(-1) ?? 0);
    const at = crosshair ? crosshair.index : iterations.length - 1;
    const read = chart.lines.filter((line) => !line.beside).map((line) => [line.name, line.values[at], line.colour]);
    if (crosshair) read.push(...besideWords(chart.lines.filter((line) => line.beside), crosshair.iteration));
    if (crosshair && crosshair.epochIndex >= 0) {
      for (const mark of chart.marks) read.push([mark.name, mark.values[crosshair.epochIndex], mark.colour]);
    }
    const told = this.timed && crosshair ? this.eventWords(crosshair.iteration) : [];
    const timing = this.timed && crosshair ? [...told, ...this.timingWords(at)] : [];
    const values = read.map(([name, number]) => `${label(name)} ${value(number)}`).join(", ");
    const words = [values, ...timing.map((parts) => parts.join(" · "))].join("; ");
    this.canvas.setAttribute("aria-valuenow", iterations[at] ?? 0);
    this.canvas.setAttribute("aria-valuetext", at >= 0 ? `iteration ${iterations[at]}: ${words}` : "no values yet");
    this.tooltip.hidden = !crosshair || !this.places;
    if (!this.tooltip.hidden) this.showTooltip(crosshair.iteration, read, timing);
  }

  /** What happened near the crosshair. */
  eventWords(iteration) {
    const near = (event) => this.places && Math.abs(this.places.x(event.iteration) - this.places.x(iteration)) <= 6;
    return this.events().filter(near).slice(-3).map((event) => [`▼ ${count(event.iteration)}: ${event.words}`]);
  }

  /** Lines of words that belong together: who was slowest, and the split. */
  timingWords(index) {
    const timing = this.store.timingAt(index);
    if (!timing) return [];
    const slowest = slowestWords(timing, this.store.summary.workers);
    return [...(slowest ? [[slowest]] : []), splitWords(timing.parts)];
  }

  showTooltip(iteration, read, timing) {
    const rows = read.map(([name, number, colour]) =>
      h("div", {}, h("i", { style: `background:${colour}` }), `${label(name)} `, h("b", {}, value(number))),
    );
    const head = h("div", { class: "zoo-tooltip-quiet" }, `iteration ${count(iteration)}`);
    const foot = timing.map((parts) => parts.map((part) => h("span", {}, part)));
    const quiet = foot.map((parts) => h("div", { class: "zoo-tooltip-quiet" }, ...parts));
    this.tooltip.replaceChildren(head, ...rows, ...quiet);
    const left = besides(this.places.x(iteration), this.tooltip.offsetWidth, this.canvas.clientWidth);
    this.tooltip.style.left = `${left}px`;
  }

  drawLegend() {
    const { settings, rows, epochs } = this.store;
    const wanted = this.names();
    this.besides.replaceChildren(...(this.timed ? besideLegend(this.store) : []));
    const key = wanted.map(([name]) => name).join();
    if (this.legend.dataset.key !== key) {
      this.legend.dataset.key = key;
      this.legend.replaceChildren(...wanted.map(([name, property]) => this.legendEntry(name, property)));
    }
    wanted.forEach(([name], index) => {
      const entry = this.legend.children[index];
      entry.setAttribute("aria-pressed", String(!settings.hidden.has(name)));
      const validation = epochs.get(`val_${name}`).at(-1);
      const newest = value(rows.get(name).at(-1));
      setText(entry.lastChild, validation === undefined ? newest : `${newest} · val ${value(validation)}`);
    });
  }

  legendEntry(name, property) {
    const swatch = h("i", { style: `background:var(${property})` });
    const attributes = { type: "button", class: "zoo-series", title: `Show or hide ${label(name)}` };
    return h("button", { ...attributes, onclick: () => this.toggle(name) }, swatch, `${label(name)} `, h("b"));
  }

  toggle(name) {
    const { hidden } = this.store.settings;
    if (!hidden.delete(name)) hidden.add(name);
    this.store.changed();
  }

  point(left) {
    if (this.places) this.hover.move(this.places.iterationAt(left));
  }

  key(event) {
    const iterations = this.store.rows.get("iteration");
    const last = iterations.length - 1;
    const now = this.hover.iteration === null ? last : nearest(iterations, this.hover.iteration);
    if (this.zoom.key(event)) return;
    if (event.key === "Enter" && last >= 0) {
      event.stopPropagation(); // the notebook would edit the cell
      return this.hover.pick?.(iterations[now]);
    }
    const targets = { Home: 0, End: last, Escape: null };
    let target = event.key in targets ? targets[event.key] : undefined;
    if (event.key in STEPS) target = Math.min(Math.max(now + STEPS[event.key] * (event.shiftKey ? 10 : 1), 0), last);
    if (target === undefined || last < 0) return;
    event.preventDefault();
    event.stopPropagation(); // the notebook moves between cells with the same keys
    this.hover.move(target === null ? null : iterations[target]);
  }
}
