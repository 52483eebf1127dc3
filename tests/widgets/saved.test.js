import { expect, it } from "vitest";
import { showRecord } from "../../zoo_lab/widgets/static/saved.js";
import { RunStore } from "../../zoo_lab/widgets/static/store.js";

const RECORD = {
  version: 1,
  run: "run-1",
  name: "digits",
  state: "finished",
  status: "Finished.",
  seconds: 12,
  iterations: 4,
  iterations_planned: 4,
  epochs_done: 2,
  samples_per_second: 256,
  parts: { compute: 0.03 },
  marks: [[2, "checkpoint", "checkpoint saved"]],
  settings: { model: "lenet", epochs: 2, steps_per_epoch: 2, workers: 2, sync: "shared" },
  curves: { iteration: [1, 2, 3, 4], loss: [4, null, 2, 1], accuracy: [0, 0.5, 0.6, 0.7] },
  timing: { slowest: [0, 1, 0, 1], compute: [1, 2, null, 4] },
  epochs: { epoch: [0, 1], iteration: [2, 4], val_loss: [3, 1.5] },
};

it("puts all that was saved in its place", () => {
  const store = new RunStore();
  showRecord(store, RECORD);
  expect(store.rows.get("loss")).toEqual([4, NaN, 2, 1]);
  expect(store.metrics).toEqual(["accuracy"]);
  expect(store.epochs.get("val_loss")).toEqual([3, 1.5]);
  expect(store.epochs.names).toEqual(["val_loss"]);
  expect(store.timingAt(1)).toEqual({ slowest: 1, parts: { compute: 2 } });
  expect(store.marks).toEqual(RECORD.marks);
  expect(store.over).toBe(true);
  expect(store.summary).toMatchObject({ name: "digits", iterations: 4, epochsDone: 2, stepsPerEpoch: 2, workers: 2 });
});

it("draws a record of an older version, which has less", () => {
  const store = new RunStore();
  const { marks, timing, parts, status, epochs_done, iterations_planned, ...older } = RECORD;
  showRecord(store, older);
  expect(store.summary).toMatchObject({ status: "finished", epochsDone: 2, iterations: 4 });
  expect(store.marks).toEqual([]);
  expect(store.timingAt(0)).toBeNull();
});

it("names whole iterations, also where a point stands for several", () => {
  const store = new RunStore();
  showRecord(store, { ...RECORD, curves: { iteration: [1.5, 3.5], loss: [4, 2] } });
  expect(store.rows.get("iteration")).toEqual([2, 4]);
});

it("replaces what was there", () => {
  const store = new RunStore();
  showRecord(store, RECORD);
  showRecord(store, { ...RECORD, curves: { iteration: [1], loss: [4] } });
  expect(store.rows.length).toBe(1);
});
