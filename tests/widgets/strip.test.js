import { beforeEach, describe, expect, it } from "vitest";
import { ceiling, columnsOf, TimeStrip } from "../../zoo_lab/widgets/static/strip.js";
import { gaps, laneCells } from "../../zoo_lab/widgets/static/lanes.js";
import { RunStore } from "../../zoo_lab/widgets/static/store.js";
import { furnish, packet } from "./page.js";

let store;

function receive(options) {
  const { content, buffers } = packet(options);
  store.apply(content, buffers);
}

beforeEach(() => {
  furnish();
  store = new RunStore();
});

describe("the columns", () => {
  it("hold the mean of each part and count who was slowest", () => {
    receive({ to: 4 });
    const { names, cells } = columnsOf(store.rows.get("iteration"), store.timings, 2, (each) => (each - 1) / 2, 2);
    expect(names).toEqual(["schedule", "compute"]);
    expect(cells.map((cell) => cell.rows)).toEqual([2, 2]);
    expect(cells[0].parts[0]).toBeCloseTo(0.01);
    expect(cells[0].parts[1]).toBeCloseTo(0.015);
    expect(cells[1].parts[1]).toBeCloseTo(0.035);
    expect(cells[0].slowest).toEqual([1, 1]);
  });

  it("leave out what lies beside the chart", () => {
    receive({ to: 4 });
    const { cells } = columnsOf(store.rows.get("iteration"), store.timings, 2, (each) => each - 3, 2);
    expect(cells.map((cell) => cell.rows)).toEqual([1, 1]);
  });
});

it("is as high as all but the longest iterations need", () => {
  const cells = Array.from({ length: 40 }, (_, index) => ({ rows: 1, parts: [index === 0 ? 100 : 1, 1] }));
  expect(ceiling(cells)).toBe(2);
  expect(ceiling([])).toBe(0);
});

describe("the strip", () => {
  const places = { xDomain: [1, 40], logX: false };

  it("stacks the parts and gives each worker a lane", () => {
    receive({ to: 4 });
    const strip = new TimeStrip(store);
    strip.update(places);
    const { rects, texts } = strip.canvas.getContext("2d").drawn;
    expect(rects).toHaveLength(4 * 2 + 4 * 2);
    expect(texts).toContain("w0");
    expect(strip.canvas.getAttribute("aria-label")).toContain("compute 25 ms, worker 0 slowest in 50 %");
  });

  it("is drawn anew only where something of it has changed", () => {
    receive({ to: 4 });
    const strip = new TimeStrip(store);
    const { rects } = strip.canvas.getContext("2d").drawn;
    strip.update(places);
    const once = rects.length;
    strip.update(places);
    expect(rects).toHaveLength(once);
    strip.update({ ...places, xDomain: [1, 20] });
    expect(rects.length).toBeGreaterThan(once);
    const before = rects.length;
    receive({ from: 5, to: 6 });
    strip.update(places);
    expect(rects.length).toBeGreaterThan(before);
  });

  it("needs no lanes for one worker, and hides where nothing was measured", () => {
    receive({ to: 4, summary: { workers: 1 } });
    const strip = new TimeStrip(store);
    strip.update(places);
    expect(strip.canvas.getContext("2d").drawn.texts).not.toContain("w0");
    store.clear();
    strip.update(places);
    expect(strip.element.hidden).toBe(true);
  });
});

describe("the lanes", () => {
  const places = { xDomain: [1, 40], logX: false };
  const lanes = { "0 compute": [0.02, 0.02, 0.04], "1 compute": [0.03, NaN, NaN], iteration: [10, 20, 30] };

  function fill(lost = [], columns = lanes) {
    receive({ to: 30, summary: { lost } });
    store.lanes.append(columns, 3);
    const strip = new TimeStrip(store);
    strip.update(places);
    return strip;
  }

  it("show the split of each worker's own time", () => {
    const cells = laneCells({ get: (name) => lanes[name], names: Object.keys(lanes) }, 4, (each) => (each - 1) / 10, 2);
    expect(cells[0].names).toEqual(["compute"]);
    expect(cells[0].cells.map((cell) => cell.rows)).toEqual([1, 1, 1, 0]);
    expect(cells[1].cells.map((cell) => cell.rows)).toEqual([1, 0, 0, 0]);
    expect(fill().canvas.getAttribute("aria-label")).toContain("worker 1 compute 30 ms");
  });

  it("are grey from where a worker was lost to where its place works again", () => {
    const table = { get: (name) => lanes[name] ?? [] };
    expect(gaps(table, [[12, 0, "worker 0"], [15, 1, "worker 1"]], 0)).toEqual([[12, 20]]);
    expect(gaps(table, [[12, 0, "worker 0"], [15, 1, "worker 1"]], 1)).toEqual([[15, Infinity]]);
    const without = fill().canvas.getContext("2d").drawn.rects.length;
    store = new RunStore();
    const strip = fill([[15, 1, "worker 1 on node-7"]]);
    expect(strip.canvas.getContext("2d").drawn.rects).toHaveLength(without + 2); // the gap, and the name struck out
    expect(strip.caption.textContent).toContain("worker 1 on node-7 lost at iteration 15, done again");
    expect(strip.canvas.getAttribute("aria-label")).toContain("worker 1 on node-7 lost at iteration 15, done again");
  });
});
