/** The run as this page knows it: columns of numbers that grow by packets from the kernel (widgets/packets.py). */

import { takeWatch } from "./watch.js";

/** The numbers of a packet's buffer: `rows` values for each of `columns`, column after column. */
export function decodeColumns(buffer, columns, rows) {
  const bytes = new DataView(buffer.buffer ?? buffer, buffer.byteOffset ?? 0, buffer.byteLength);
  const decoded = {};
  columns.forEach((name, column) => {
    const numbers = new Array(rows);
    // DataView, as a buffer of a message need not start at a multiple of four
    for (let row = 0; row < rows; row++) numbers[row] = bytes.getFloat32((column * rows + row) * 4, true);
    decoded[name] = numbers;
  });
  return decoded;
}

/** Exponential smoothing as TensorBoard does it: weight 0 leaves the numbers, towards 1 the past counts more. */
export function smooth(numbers, weight) {
  if (!(weight > 0)) return numbers;
  const smoothed = new Array(numbers.length);
  let mean = 0;
  let seen = 0;
  for (let index = 0; index < numbers.length; index++) {
    const number = numbers[index];
    if (Number.isFinite(number)) {
      mean = mean * weight + (1 - weight) * number;
      seen += 1;
      smoothed[index] = mean / (1 - weight ** seen); // without it the start would be drawn towards 0
    } else {
      smoothed[index] = NaN;
    }
  }
  return smoothed;
}

/** Index of the entry of the ascending `numbers` that lies nearest to `wanted`; -1 where there is none. */
export function nearest(numbers, wanted) {
  if (!numbers.length) return -1;
  let low = 0;
  let high = numbers.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (numbers[middle] <= wanted) low = middle;
    else high = middle;
  }
  return wanted - numbers[low] <= numbers[high] - wanted ? low : high;
}

/** A table whose columns all have `length` rows; what a row lacks is NaN. */
export class Table {
  constructor() {
    this.length = 0;
    this.columns = {};
  }

  /** Add the rows of `columns` from row `skip` on. */
  append(columns, rows, skip = 0) {
    for (const name of Object.keys(columns)) this.columns[name] ??= new Array(this.length).fill(NaN);
    for (const [name, numbers] of Object.entries(this.columns)) {
      for (let row = skip; row < rows; row++) numbers.push(columns[name] ? columns[name][row] : NaN);
    }
    this.length += rows - skip;
  }

  get(name) {
    return this.columns[name] ?? [];
  }

  get names() {
    return Object.keys(this.columns).filter((name) => name !== "iteration");
  }
}

/** All that a page knows of a run, shared by its views; `settings` are what the user chose. */
export class RunStore {
  constructor() {
    this.clear();
    this.summary = { state: "starting", status: "Preparing the run…", parts: {} };
    this.received = performance.now();
    this.settings = { log: false, smoothing: 0.6, logX: false, hidden: new Set(), zoom: null };
    this.still = false; // a record: nothing moves between two of them
    this.stopping = "";
    this.asked = ""; // "pause" or "resume" until it has come about
    this.listeners = new Set();
  }

  /** Take a packet. What came before is not doubled; a gap is left out until the history comes. */
  apply(content, buffers) {
    if (content.reset) this.clear();
    this.grow(this.rows, content.start, content.count, content.columns, buffers[0]);
    this.grow(this.timings, content.start, content.count, content.timingColumns, buffers[2]);
    this.grow(this.epochs, content.epochStart, content.epochCount, content.epochColumns, buffers[1]);
    if (content.laneColumns) {
      this.grow(this.lanes, content.laneStart, content.laneCount, content.laneColumns, buffers[content.laneBuffer]);
    }
    this.growBeside(content.beside, buffers);
    this.watch = takeWatch(this.watch, content.watch, buffers);
    if (content.rejected) this.rejected.splice(content.rejectedStart, Infinity, ...content.rejected);
    if (content.marks) this.marks.splice(content.markStart, Infinity, ...content.marks);
    this.summary = content.reset ? content.summary : { ...this.summary, ...content.summary }; // only what has changed comes
    if (this.asked && (this.summary.state === "paused") === (this.asked === "pause")) this.asked = "";
    this.received = performance.now();
    this.changed();
  }

  clear() {
    this.rows = new Table();
    this.epochs = new Table();
    this.timings = new Table();
    this.lanes = new Table(); // what each worker did, in rows of its own
    this.kept = {};
    this.watch = null; // samples and what the model makes of them
    this.rejected = []; // the bad batches, as widgets/packets.py tells them
    this.beside = new Map(); // run → {name, begin, rows}
    this.marks = []; // [iteration, kind, words]
  }

  /** The curves of other runs, from where they part from this one on; their buffers begin with the fourth. */
  growBeside(told, buffers) {
    (told ?? []).forEach(({ run, name, begin, start, count, columns }, index) => {
      if (!this.beside.has(run)) this.beside.set(run, { name, begin, rows: new Table(), kept: {} });
      this.grow(this.beside.get(run).rows, start, count, columns, buffers[3 + index]);
    });
  }

  grow(table, start, count, columns, buffer) {
    const known = Math.max(0, table.length - start);
    if (count > known) table.append(decodeColumns(buffer, columns, count), count, known);
  }

  subscribe(listener) {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  changed() {
    for (const listener of this.listeners) listener();
  }

  get over() {
    return !["starting", "running", "paused"].includes(this.summary.state);
  }

  /** Seconds since the run began, counted on between packets. */
  get elapsed() {
    const waited = this.over || this.still || this.summary.state === "paused" || this.summary.elapsed == null ? 0 : (performance.now() - this.received) / 1000;
    return (this.summary.elapsed ?? 0) + waited;
  }

  /** Where the time of the iteration in row `index` went: {slowest, parts}, or null where nobody measured it. */
  timingAt(index) {
    const entries = this.timings.names.map((name) => [name, this.timings.get(name)[index]]);
    const { slowest, ...parts } = Object.fromEntries(entries.filter(([, number]) => Number.isFinite(number)));
    return Object.keys(parts).length ? { slowest, parts } : null;
  }

  /** The smoothed column `name`; kept until there are more rows or another weight. */
  smoothed(name, weight) {
    const values = this.rows.get(name);
    const kept = this.kept[name];
    if (kept && kept.values === values && kept.rows === values.length && kept.weight === weight) return kept.smoothed;
    const smoothed = smooth(values, weight);
    this.kept[name] = { values, rows: values.length, weight, smoothed };
    return smoothed;
  }

  get metrics() {
    return this.rows.names.filter((name) => name !== "loss");
  }
}
