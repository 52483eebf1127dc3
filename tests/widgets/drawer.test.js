import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Drawer, rowWords } from "../../zoo_lab/widgets/static/drawer.js";
import { RunStore } from "../../zoo_lab/widgets/static/store.js";
import { makeModel, serve } from "./page.js";

const BATCH = {
  iteration: 7, loss: null, reason: "'x' holds NaN", kind: "nan", rows: [61, 63], workers: [1], partitions: [2],
  shown: [
    { row: 61, loss: null, inputs: "nan, 1", targets: "3", picture: "" },
    { row: 63, loss: 0.5, inputs: "", targets: "1", picture: "iVBORw0KGgo=" },
  ],
};

let model;
let store;
let drawer;

beforeEach(() => {
  model = makeModel();
  store = new RunStore();
  drawer = new Drawer(model, store);
  document.body.append(drawer.element);
});

afterEach(() => {
  vi.unstubAllGlobals();
  document.body.replaceChildren();
  document.head.replaceChildren();
});

function tell(summary, usable = true) {
  store.rejected = [BATCH];
  store.summary = { state: "running", parts: {}, ...summary };
  drawer.update(usable);
}

it("is not there while all batches are good", () => {
  drawer.update(true);
  expect(drawer.element.hidden).toBe(true);
});

it("shows rows, worker, partition and how the worst look", () => {
  tell({ handled: { 7: "skip" } });
  expect(drawer.head.textContent).toBe("1 bad batch");
  const text = drawer.list.textContent;
  for (const words of ["iteration 7", "left out", "rows 61, 63", "worker 1", "partition 2", "nan, 1"]) expect(text).toContain(words);
  expect(drawer.list.querySelector("img").alt).toBe("Input of row 63");
  expect(drawer.question.hidden).toBe(true);
});

it("asks what becomes of it, and sends the choice by both ways", async () => {
  const fetch = serve();
  tell({ asking: 7 });
  expect(drawer.details.open).toBe(true);
  const names = [...drawer.question.querySelectorAll("button")].map((button) => button.textContent);
  expect(names).toEqual(["Skip", "Quarantine 2 rows", "Retry", "End the run"]);
  drawer.question.querySelector("[data-choice='quarantine']").click();
  const request = { action: "decide", run: "run-1", iteration: "7", choice: "quarantine" };
  expect(JSON.parse(fetch.mock.calls[0][1].body)).toEqual(request);
  expect(model.sent).toEqual([{ type: "request", request }]);
  expect(drawer.question.querySelector("button").disabled).toBe(true);
  tell({ asking: null, handled: { 7: "quarantine" } });
  expect(drawer.question.hidden).toBe(true);
});

it("asks nothing in a saved notebook", () => {
  tell({ asking: 7 }, false);
  expect(drawer.question.hidden).toBe(true);
});

it("names a few rows of many", () => {
  expect(rowWords([...Array(500).keys()])).toMatch(/^0, 1, .*11, … \(500 rows\)$/);
});
