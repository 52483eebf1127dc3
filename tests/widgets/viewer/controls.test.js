import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Controls } from "../../../zoo_lab/widgets/viewer/static/controls.js";
import { Gallery } from "../../../zoo_lab/widgets/viewer/static/gallery.js";
import { makeKernel, makeStep, stubUrls } from "./kernel.js";

let kernel;
let gallery;
let controls;
let toggleChain;

async function show(options) {
  kernel = makeKernel(options);
  gallery = new Gallery(kernel.model);
  toggleChain = vi.fn();
  controls = new Controls(gallery, toggleChain);
  gallery.subscribe(() => controls.update());
  await gallery.begin();
}

const chips = () => [...controls.chips.children];

beforeEach(() => void stubUrls());
afterEach(() => vi.unstubAllGlobals());

it("says how many images there are, and that more are on their way", async () => {
  await show();
  expect(controls.title.textContent).toBe("40 images");
  expect(controls.busy.textContent).toBe("");
  kernel.slow = true;
  gallery.more();
  expect(controls.busy.textContent).toBe("fetching…");
});

it("has no button for a chain that is not there", async () => {
  await show();
  expect(controls.chain.hidden).toBe(true);
  await show({ steps: [makeStep()] });
  expect(controls.chain.hidden).toBe(false);
  controls.chain.click();
  expect(toggleChain).toHaveBeenCalledOnce();
});

it("has no controls for boxes where there are none", async () => {
  await show();
  for (const item of gallery.items) for (const side of item.sides) side.boxes = [];
  gallery.changed();
  expect(controls.marks.hidden).toBe(true);
});

it("offers no least score where boxes have none", async () => {
  await show();
  for (const item of gallery.items) for (const side of item.sides) side.boxes = side.boxes.slice(0, 1);
  gallery.changed();
  expect([controls.threshold.hidden, controls.legend.hidden, controls.chips.hidden]).toEqual([true, true, true]);
  expect(controls.shown.textContent).toBe("6 boxes");
});

it("tells how many boxes are left of all, and which classes are pressed", async () => {
  await show();
  expect(chips().map(({ textContent }) => textContent)).toEqual(["cat 12", "dog 6"]);
  chips()[0].click();
  expect(chips().map((chip) => chip.getAttribute("aria-pressed"))).toEqual(["true", "false"]);
  expect(controls.shown.textContent).toBe("12 of 18 boxes");
  controls.slider.value = "0.9";
  controls.slider.dispatchEvent(new Event("input"));
  expect([controls.score.textContent, controls.shown.textContent]).toEqual(["0.90", "6 of 18 boxes"]);
});
