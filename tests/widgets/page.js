/** A page for the front end's tests: jsdom has no canvas, no layout and no observers. */

import { vi } from "vitest";

/** A pen that notes what was drawn with it. */
export function makePen() {
  const drawn = { texts: [], moves: [], lines: [], arcs: [], rects: [], strokes: 0 };
  const pen = {
    drawn,
    setTransform() {}, clearRect() {}, beginPath() {}, fill() {}, save() {}, restore() {}, rect() {}, clip() {},
    setLineDash() {},
    fillRect: (...box) => drawn.rects.push(box),
    stroke: () => (drawn.strokes += 1),
    fillText: (text) => drawn.texts.push(text),
    moveTo: (x, y) => drawn.moves.push([x, y]),
    lineTo: (x, y) => drawn.lines.push([x, y]),
    arc: (x, y) => drawn.arcs.push([x, y]),
  };
  return pen;
}

/** Give every canvas a size and a pen, and the page the observers that a browser has. */
export function furnish() {
  const pens = new WeakMap();
  Object.defineProperty(HTMLCanvasElement.prototype, "clientWidth", { configurable: true, get: () => 400 });
  Object.defineProperty(HTMLCanvasElement.prototype, "clientHeight", { configurable: true, get: () => 200 });
  HTMLCanvasElement.prototype.getContext = function () {
    if (!pens.has(this)) pens.set(this, makePen());
    return pens.get(this);
  };
  globalThis.ResizeObserver = class {
    observe() {}
    disconnect() {}
  };
}

/** A model as anywidget gives it to a module, with the messages that were sent. */
export function makeModel(traits = { run_id: "run-1", kernel_id: "kernel-1" }) {
  const listeners = new Map();
  return {
    sent: [],
    get: (name) => traits[name],
    send(content) {
      this.sent.push(content);
    },
    on: (name, listener) => listeners.set(name, listener),
    off: (name) => listeners.delete(name),
    receive: ({ content, buffers }) => listeners.get("msg:custom")?.(content, buffers),
    listens: () => listeners.size > 0,
  };
}

/** The buffer of a table, column after column, as widgets/packets.py packs it; at an odd place of a larger buffer. */
export function pack(columns) {
  const numbers = columns.flat();
  const view = new DataView(new ArrayBuffer(numbers.length * 4 + 3), 3);
  numbers.forEach((number, index) => view.setFloat32(index * 4, number, true));
  return view;
}

/** A packet with the iterations `from` to `to`: loss falls, accuracy rises, computing takes 10 ms longer each time. */
export function packet({ from = 1, to = 3, reset = false, epochs = [], summary = {}, losses = null, marks = [] } = {}) {
  const iterations = Array.from({ length: to - from + 1 }, (_, index) => from + index);
  const timings = [
    iterations.map((number) => number % 2),
    iterations.map(() => 0.01),
    iterations.map((number) => number / 100),
  ];
  const columns = [iterations, losses ?? iterations.map((number) => 8 / number), iterations.map((n) => n / (n + 1))];
  const ends = epochs.map((epoch) => epoch.iteration);
  const content = {
    type: "data",
    reset,
    start: from - 1,
    count: iterations.length,
    columns: ["iteration", "loss", "accuracy"],
    timingColumns: ["slowest", "schedule", "compute"],
    epochStart: 0,
    epochCount: epochs.length,
    epochColumns: ["iteration", "val_loss"],
    markStart: 0,
    marks,
    summary: {
      run: "run-1", name: "digits", model: "lenet", state: "running", status: "epoch 1/2 · step 3/5", notice: "",
      epoch: 0, epochs: 2, epochsDone: epochs.length, iteration: to, iterations: 10,
      stepsPerEpoch: 5, elapsed: 12, eta: 75, rate: 2560.4,
      parts: { compute: 0.03, schedule: 0.01 }, workers: 2, sync: "shared", workersLost: 0, batchesRejected: 0,
      ...summary,
    },
  };
  return { content, buffers: [pack(columns), pack([ends, epochs.map((epoch) => epoch.loss)]), pack(timings)] };
}

/** Let the next animation frame draw. */
export function frame() {
  return new Promise((resolve) => requestAnimationFrame(() => resolve()));
}

/** Say where the page's server is, as JupyterLab's pages do, and answer its requests with `status`. */
export function serve({ status = 202, baseUrl = "/user/ada/", token = "" } = {}) {
  document.head.innerHTML = `<script id="jupyter-config-data" type="application/json"></script>`;
  document.getElementById("jupyter-config-data").textContent = JSON.stringify({ baseUrl, token });
  document.cookie = "_xsrf=2|abc";
  const fetch = vi.fn(async () => ({ ok: status < 300, status }));
  vi.stubGlobal("fetch", fetch);
  return fetch;
}
