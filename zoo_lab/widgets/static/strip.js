/** Where the time went, iteration by iteration: a stacked strip under the charts, and a lane for each worker below it. */

import { colourOf, h, setText } from "./dom.js";
import { gaps, laneCells, laneWords, lostWords } from "./lanes.js";
import { PARTS } from "./parts.js";
import { MARGIN } from "./plot.js";
import { makeScale } from "./scale.js";
import { rowsOfColumns, sumsOf } from "./sums.js";
import { duration } from "./wording.js";

const STACK = 44;
const LANE = 14;
const WIDEST = 60;
const MOST_LANES = 8;

/**
 * What the strip shows in each of `columns` pixel columns: the mean seconds of each part, and how often each worker was
 * the slowest. `place` gives the column of an iteration.
 */
export function columnsOf(iterations, timings, columns, place, workers) {
  const names = PARTS.filter((name) => timings.names.includes(name));
  const sums = names.map((name) => sumsOf(timings.get(name)));
  const slowest = sumsOf(timings.get("slowest"));
  const cells = rowsOfColumns(iterations, columns, place).map(([from, to]) => {
    const rows = to > from && sums.length ? sums[0].count(from, to) : 0;
    return {
      rows,
      parts: sums.map((sum) => (rows ? sum.total(from, to) / rows : 0)),
      slowest: Array.from({ length: workers }, (_, worker) => (rows ? slowest.equal(worker, from, to) : 0)),
    };
  });
  return { names, cells };
}

/** A height that all but the longest twentieth of the columns fit into: the first iteration compiles and would rule. */
export function ceiling(cells) {
  const sums = cells.filter((cell) => cell.rows).map((cell) => cell.parts.reduce((sum, part) => sum + part, 0));
  sums.sort((a, b) => a - b);
  return sums[Math.floor((sums.length - 1) * 0.95)] ?? 0;
}

export class TimeStrip {
  constructor(store) {
    this.store = store;
    this.drawn = null;
    this.grain = 1; // pixels of a column
    this.canvas = h("canvas", { class: "zoo-strip-canvas", role: "img" });
    this.caption = h("figcaption", { class: "zoo-strip-caption" });
    this.element = h("figure", { class: "zoo-strip", hidden: "" }, this.caption, this.canvas);
  }

  /** Draw the iterations that a chart shows, whose layout is `places`, over the whole width. */
  update(places) {
    const { rows, timings, summary } = this.store;
    this.element.hidden = !places || !timings.names.some((name) => PARTS.includes(name));
    if (this.element.hidden) return;
    const lanes = summary.workers > 1 ? Math.min(summary.workers, MOST_LANES) : 0;
    const width = this.canvas.clientWidth;
    const names = ["text-quiet", ...PARTS.map((name) => `part-${name}`)];
    const colours = names.map((name) => colourOf(this.element, `--zoo-${name}`));
    const lost = summary.lost ?? [];
    const own = this.store.lanes;
    const drawn = [rows, rows.length, own.length, lost.length, width, lanes, places.logX, ...places.xDomain, ...colours];
    if (drawn.every((part, index) => part === this.drawn?.[index])) return; // a crosshair moves: nothing of it is here
    this.drawn = drawn;
    const [first, last] = places.xDomain;
    const pixels = Math.max(Math.floor(width - MARGIN.left - MARGIN.right), 1);
    this.grain = Math.min(rows.length, last - first) > 2 * pixels ? 2 : 1; // so many iterations are not told apart anyway
    const columns = Math.max(Math.floor(pixels / this.grain), 1);
    const wide = places.logX ? 1 : Math.min(Math.max(columns / (last - first + 1), 1), WIDEST); // the last has room too
    const place = makeScale(places.xDomain, [0, columns - wide], places.logX);
    const seen = columnsOf(rows.get("iteration"), timings, columns, place, lanes);
    const workers = own.length ? laneCells(own, columns, place, lanes) : [];
    const missing = Array.from({ length: lanes }, (_, worker) => gaps(own, lost, worker));
    this.draw(seen, lanes, width);
    this.drawWorkers(workers, columns);
    this.drawGaps(missing, columns, place);
    this.tell(seen, lanes, [...laneWords(workers), ...lostWords(lost)], lostWords(lost));
  }

  /** What each worker did, over the lanes that only tell who was slowest. */
  drawWorkers(workers, columns) {
    const pen = this.canvas.getContext("2d");
    workers.forEach(({ names, cells }, worker) => {
      const top = STACK + 4 + worker * LANE;
      pen?.clearRect(MARGIN.left, top, columns * this.grain, LANE);
      const colours = names.map((name) => colourOf(this.element, `--zoo-part-${name}`));
      eachFilled(cells, (cell, left, wide) => {
        const whole = cell.parts.reduce((sum, part) => sum + part, 0) || 1;
        let bottom = top + LANE - 2;
        cell.parts.forEach((seconds, part) => {
          const tall = (seconds / whole) * (LANE - 3);
          pen.fillStyle = colours[part];
          this.fill(pen, left, bottom - tall, wide, tall);
          bottom -= tall;
        });
      });
    });
  }

  /** A lane is grey where its worker is missing, and its name struck out while nobody has taken its place. */
  drawGaps(missing, columns, place) {
    const pen = this.canvas.getContext("2d");
    if (!pen) return;
    const within = (iteration) => Math.min(Math.max(place(iteration), 0), columns);
    missing.forEach((losses, worker) => {
      const top = STACK + 4 + worker * LANE;
      for (const [from, to] of losses) {
        const [left, right] = [within(from), to === Infinity ? columns : within(to)];
        pen.fillStyle = colourOf(this.element, "--zoo-text-quiet");
        this.fill(pen, Math.min(left, columns - 4), top + 1, Math.max(right - left, 4), LANE - 2);
        if (to === Infinity) pen.fillRect(MARGIN.left - 26, top + LANE / 2, 20, 1);
      }
    });
  }

  /** Paint something `wide` and `tall`, in columns and pixels, from the left end of the strip on. */
  fill(pen, left, top, wide, tall) {
    pen.fillRect(MARGIN.left + left * this.grain, top, wide * this.grain, tall);
  }

  draw({ names, cells }, lanes, width) {
    const height = STACK + lanes * LANE + (lanes ? 4 : 0);
    const ratio = window.devicePixelRatio || 1;
    this.canvas.style.height = `${height}px`;
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    const pen = this.canvas.getContext("2d");
    if (!pen) return;
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    const top = ceiling(cells);
    const colours = names.map((name) => colourOf(this.element, `--zoo-part-${name}`));
    eachFilled(cells, (cell, left, wide) => {
      let bottom = STACK;
      cell.parts.forEach((seconds, part) => {
        const tall = Math.min((seconds / (top || 1)) * (STACK - 4), bottom);
        pen.fillStyle = colours[part];
        this.fill(pen, left, bottom - tall, wide, tall);
        bottom -= tall;
      });
    });
    this.drawLanes(pen, cells, lanes);
    this.drawLabels(pen, top, lanes);
  }

  drawLanes(pen, cells, lanes) {
    pen.fillStyle = colourOf(this.element, "--zoo-text-quiet");
    for (let worker = 0; worker < lanes; worker++) {
      const top = STACK + 4 + worker * LANE;
      eachFilled(cells, (cell, left, wide) => {
        pen.globalAlpha = 0.1 + (0.9 * cell.slowest[worker]) / cell.rows;
        this.fill(pen, left, top + 2, wide, LANE - 4);
      });
    }
    pen.globalAlpha = 1;
  }

  drawLabels(pen, top, lanes) {
    pen.font = `11px ${getComputedStyle(this.element).fontFamily || "sans-serif"}`;
    pen.fillStyle = colourOf(this.element, "--zoo-text-quiet");
    pen.textAlign = "right";
    pen.textBaseline = "middle";
    pen.fillText(duration(top), MARGIN.left - 8, 8);
    for (let worker = 0; worker < lanes; worker++) {
      pen.fillText(`w${worker}`, MARGIN.left - 8, STACK + 4 + worker * LANE + LANE / 2);
    }
  }

  tell({ names, cells }, lanes, told = [], lost = []) {
    const rows = cells.reduce((sum, cell) => sum + cell.rows, 0) || 1;
    const mean = (part) => cells.reduce((sum, cell) => sum + (cell.rows ? cell.parts[part] * cell.rows : 0), 0) / rows;
    const parts = names.map((name, part) => `${name} ${duration(mean(part))}`);
    const share = (worker) => Math.round((100 * cells.reduce((sum, cell) => sum + cell.slowest[worker], 0)) / rows);
    const workers = Array.from({ length: lanes }, (_, worker) => `worker ${worker} slowest in ${share(worker)} %`);
    this.canvas.setAttribute("aria-label", `Time of an iteration: ${[...parts, ...workers, ...told].join(", ")}`);
    const slowest = Array.from({ length: lanes }, (_, worker) => `w${worker} ${share(worker)} %`).join(", ");
    const heads = ["time of an iteration", ...(slowest ? [`slowest worker: ${slowest}`] : []), ...lost];
    setText(this.caption, heads.join(" · "));
  }
}

/** Call `paint` with each cell that has rows, where it begins and how wide it is: up to the next one that has some. */
function eachFilled(cells, paint) {
  let last = -1;
  const flush = (end) => last >= 0 && paint(cells[last], last, Math.min(end - last, WIDEST));
  cells.forEach((cell, left) => {
    if (!cell.rows) return;
    flush(left);
    last = left;
  });
  flush(cells.length);
}
