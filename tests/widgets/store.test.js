import { describe, expect, it } from "vitest";
import { decodeColumns, nearest, RunStore, smooth } from "../../zoo_lab/widgets/static/store.js";
import { pack, packet } from "./page.js";

function apply(store, options) {
  const { content, buffers } = packet(options);
  store.apply(content, buffers);
}

describe("decodeColumns", () => {
  it("reads float32 columns from any place of a buffer", () => {
    const decoded = decodeColumns(pack([[1, 2], [0.5, -0.25]]), ["iteration", "loss"], 2);
    expect(decoded).toEqual({ iteration: [1, 2], loss: [0.5, -0.25] });
  });

  it("keeps what is missing as NaN", () => {
    expect(decodeColumns(pack([[NaN]]), ["loss"], 1).loss[0]).toBeNaN();
  });

  it("takes a bare ArrayBuffer too", () => {
    expect(decodeColumns(new Float32Array([7]).buffer, ["loss"], 1)).toEqual({ loss: [7] });
  });
});

describe("RunStore", () => {
  it("appends deltas", () => {
    const store = new RunStore();
    apply(store, { from: 1, to: 3 });
    apply(store, { from: 4, to: 5 });
    expect(store.rows.get("iteration")).toEqual([1, 2, 3, 4, 5]);
    expect(store.rows.length).toBe(5);
  });

  it("does not double rows that it has", () => {
    const store = new RunStore();
    apply(store, { from: 1, to: 3 });
    apply(store, { from: 2, to: 5 });
    expect(store.rows.get("iteration")).toEqual([1, 2, 3, 4, 5]);
  });

  it("starts anew with a history", () => {
    const store = new RunStore();
    apply(store, { from: 4, to: 5 });
    apply(store, { from: 1, to: 5, reset: true });
    expect(store.rows.get("iteration")).toEqual([1, 2, 3, 4, 5]);
  });

  it("fills a metric that comes late", () => {
    const store = new RunStore();
    apply(store, { from: 1, to: 2 });
    const late = packet({ from: 3, to: 3 });
    late.content.columns = ["iteration", "loss", "top_3"];
    store.apply(late.content, late.buffers);
    expect(store.rows.get("top_3").slice(0, 2)).toEqual([NaN, NaN]);
    expect(store.rows.get("accuracy")[2]).toBeNaN();
    expect(store.metrics).toEqual(["accuracy", "top_3"]);
  });

  it("knows where the time of each iteration went, whatever the packets", () => {
    const store = new RunStore();
    apply(store, { from: 1, to: 3 });
    apply(store, { from: 3, to: 5 });
    const told = [0, 2, 4].map((index) => store.timingAt(index));
    expect(told.map(({ slowest }) => slowest)).toEqual([1, 1, 1]);
    expect(told.map(({ parts }) => parts.compute.toFixed(3))).toEqual(["0.010", "0.030", "0.050"]);
    expect(store.timings.length).toBe(store.rows.length);
    expect(store.timingAt(99)).toBe(null);
  });

  it("tells its listeners until they leave", () => {
    const store = new RunStore();
    let calls = 0;
    const leave = store.subscribe(() => (calls += 1));
    apply(store);
    leave();
    apply(store, { from: 4, to: 4 });
    expect(calls).toBe(1);
  });

  it("says how the run stands before the first packet", () => {
    const store = new RunStore();
    expect(store.summary.status).toBe("Preparing the run…");
    expect([store.over, store.elapsed]).toEqual([false, 0]);
  });

  it("stops its clock with the run", () => {
    const store = new RunStore();
    apply(store, { summary: { state: "finished", elapsed: 12 } });
    expect(store.elapsed).toBe(12);
  });
});

describe("smooth", () => {
  it("begins at the first value and leaves a flat curve flat", () => {
    expect(smooth([5, 5, 5], 0.9).map((number) => number.toFixed(6))).toEqual(["5.000000", "5.000000", "5.000000"]);
  });

  it("is the mean that TensorBoard draws", () => {
    const [first, second] = smooth([3, 1], 0.5);
    expect([first, second]).toEqual([3, 1.25 / 0.75]);
  });

  it("leaves gaps out", () => {
    const smoothed = smooth([2, NaN, 2], 0.5);
    expect(smoothed[1]).toBeNaN();
    expect(smoothed[2]).toBeCloseTo(2);
  });

  it("gives back the same numbers without weight", () => {
    const numbers = [1, 2];
    expect(smooth(numbers, 0)).toBe(numbers);
  });
});

describe("nearest", () => {
  it.each([[0, 0], [14, 0], [16, 1], [29, 2], [99, 2]])("finds for %d the index %d", (wanted, index) => {
    expect(nearest([10, 20, 30], wanted)).toBe(index);
  });

  it("finds nothing in nothing", () => {
    expect(nearest([], 1)).toBe(-1);
  });
});

it("takes what each worker did from the buffer that the packet names", () => {
  const store = new RunStore();
  const { content, buffers } = packet();
  const lanes = { laneStart: 0, laneCount: 2, laneColumns: ["iteration", "0 compute"], laneBuffer: buffers.length };
  store.apply({ ...content, ...lanes }, [...buffers, pack([[1, 3], [0.5, 0.25]])]);
  expect(store.lanes.get("iteration")).toEqual([1, 3]);
  expect(store.lanes.get("0 compute")).toEqual([0.5, 0.25]);
});

it("keeps what a packet does not tell anew of the summary", () => {
  const store = new RunStore();
  const { content, buffers } = packet();
  store.apply(content, buffers);
  store.apply({ ...content, start: 3, count: 0, summary: { iteration: 4 } }, buffers);
  expect(store.summary).toMatchObject({ name: "digits", iteration: 4 });
  store.apply({ ...content, reset: true, summary: { iteration: 5 } }, buffers);
  expect(store.summary.name).toBe(undefined);
});
