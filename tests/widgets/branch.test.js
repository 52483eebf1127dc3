import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { besideLines, besideWords } from "../../zoo_lab/widgets/static/beside.js";
import { BranchForm, keptAt } from "../../zoo_lab/widgets/static/branch.js";
import { MonitorView } from "../../zoo_lab/widgets/static/monitor_view.js";
import { showRecord } from "../../zoo_lab/widgets/static/saved.js";
import { RunStore } from "../../zoo_lab/widgets/static/store.js";
import { furnish, makeModel, serve } from "./page.js";

const floats = (...numbers) => new DataView(new Float32Array(numbers).buffer);

let store;
let form;
let model;

beforeEach(() => {
  model = makeModel();
  store = new RunStore();
  store.summary = { state: "running", kept: [10, 20, 30], knobs: { learning_rate: 0.1 }, parts: {} };
  form = new BranchForm(model, store);
  document.body.append(form.element);
  form.update(true);
});

afterEach(() => {
  vi.unstubAllGlobals();
  document.body.replaceChildren();
  document.head.replaceChildren();
});

const submit = () => form.element.dispatchEvent(new Event("submit", { cancelable: true }));

it("begins with the newest weights kept at or before the pick", () => {
  expect(keptAt([10, 20, 30], 29)).toBe(20);
  expect(keptAt([10, 20], 3)).toBe(10);
  form.pick(25.4);
  expect(form.from.value).toBe("20");
  expect(form.said.textContent).toBe("from iteration 20");
});

it("follows what is kept until somebody picks", () => {
  expect(form.from.value).toBe("30");
  store.summary = { ...store.summary, kept: [20, 30, 40] };
  form.update(true);
  expect(form.from.value).toBe("40");
  form.pick(20);
  store.summary = { ...store.summary, kept: [30, 40, 50] };
  form.update(true);
  expect(form.from.value).toBe("30");
});

it("asks by both ways, marked so that it counts once", () => {
  const fetch = serve();
  form.pick(20);
  form.rate.value = "0,01";
  submit();
  const request = JSON.parse(fetch.mock.calls[0][1].body);
  expect(request).toMatchObject({ action: "branch", run: "run-1", iteration: "20", changes: '{"learning_rate":0.01}' });
  expect(model.sent[0].request.token).toBe(request.token);
});

it("sends nothing for a rate that cannot be", () => {
  const fetch = serve();
  form.rate.value = "-1";
  submit();
  expect(fetch).not.toHaveBeenCalled();
  expect(form.rate.getAttribute("aria-invalid")).toBe("true");
});

it("is offered once the run is over too, where a kernel hears of it", () => {
  furnish();
  store.summary = { ...store.summary, state: "finished" };
  const shown = (kernel, still) => {
    const view = new MonitorView(makeModel({ run_id: "run-1", kernel_id: kernel }), Object.assign(store, { still }));
    store.rows.append({ iteration: [1], loss: [1] }, 1);
    view.update();
    return !view.branch.element.hidden && view.buttons.hidden;
  };
  expect(shown("kernel-1", false)).toBe(true);
  expect(shown("kernel-1", true)).toBe(true);
  expect(shown("", true)).toBe(false);
});

it("says what became of the branch", async () => {
  serve();
  submit();
  expect(form.said.textContent).toBe("The branch begins…");
  await vi.waitFor(() => expect(form.asked).not.toBe(null));
  store.summary = { ...store.summary, notice: "No branch: the context is stopped." };
  form.update(true);
  expect(form.said.textContent).toBe("No branch: the context is stopped.");
  submit();
  store.beside.set("b", { name: "digits from 30", begin: 30 });
  form.update(true);
  expect(form.said.textContent).toBe("digits from 30 goes on beside it.");
});

it("is not there where nothing is kept", () => {
  store.summary = { ...store.summary, kept: [] };
  form.update(true);
  expect(form.element.hidden).toBe(true);
});

it("grows the curves beside, and draws them from where they part", () => {
  const empty = new DataView(new ArrayBuffer(0));
  const packet = (start, count) => ({
    start: 0, count: 0, columns: ["iteration", "loss"], timingColumns: [], epochStart: 0, epochCount: 0, epochColumns: [],
    beside: [{ run: "b", name: "gentle", begin: 20, start, count, columns: ["iteration", "loss"] }],
    summary: store.summary,
  });
  store.apply(packet(0, 2), [empty, empty, empty, floats(21, 22, 0.5, 0.4)]);
  store.apply(packet(1, 2), [empty, empty, empty, floats(22, 23, 0.4, 0.3)]);
  const [line] = besideLines(store, "loss", 0, (name) => name);
  expect(line.iterations).toEqual([21, 22, 23]);
  expect(line.beside).toBe(true);
  expect(besideWords([line], 22)[0][1]).toBeCloseTo(0.4);
  expect(besideWords([line], 20)).toEqual([]);
});

it("shows them in a saved run too", () => {
  const curves = { iteration: [21, 22], loss: [0.5, 0.4] };
  showRecord(store, { run: "r", name: "n", state: "finished", curves: { iteration: [1], loss: [1] }, beside: [{ run: "b", name: "gentle", begin: 20, curves }] });
  expect(besideLines(store, "loss", 0, (name) => name)[0].values).toEqual([0.5, 0.4]);
});
