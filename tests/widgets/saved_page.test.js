import { afterEach, beforeEach, expect, it } from "vitest";
import savedPage from "../../zoo_lab/widgets/static/saved_page.js";
import { frame, furnish } from "./page.js";

const record = (run, name) => ({
  version: 1, run, name, state: "finished", status: `${name} finished.`, seconds: 12, iterations: 4,
  settings: { model: "lenet", epochs: 2, steps_per_epoch: 2, workers: 2, sync: "shared" },
  curves: { iteration: [1, 2, 3, 4], loss: [4, 3, 2, 1] },
  epochs: { epoch: [0, 1], iteration: [2, 4] },
});

function write(records) {
  document.body.innerHTML = '<div id="zoo-runs"></div><script id="zoo-records" type="application/json"></script>';
  document.getElementById("zoo-records").textContent = JSON.stringify(records);
}

const monitors = () => [...document.querySelectorAll("#zoo-runs .zoo-monitor")];

beforeEach(furnish);
afterEach(() => document.body.replaceChildren());

it("draws each run of the page, in the page's order", async () => {
  write([record("a", "first"), record("b", "second")]);
  savedPage();
  await frame();
  expect(monitors().map((each) => each.querySelector(".zoo-name").textContent)).toEqual(["first", "second"]);
  const [slider] = monitors()[1].querySelectorAll(".zoo-canvas");
  expect(slider.getAttribute("aria-valuenow")).toBe("4");
  expect(slider.getAttribute("aria-valuetext")).toContain("loss 1");
});

it("offers nothing that only a kernel could do", async () => {
  write([{ ...record("a", "first"), state: "running", kernel: "kernel-1", kept: [2] }]);
  savedPage();
  await frame();
  const [monitor] = monitors();
  expect(monitor.querySelector(".zoo-buttons").hidden).toBe(true);
  expect(monitor.dataset.run).toBeUndefined(); // not the live monitor of its run
});
