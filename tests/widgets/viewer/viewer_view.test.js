import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Gallery } from "../../../zoo_lab/widgets/viewer/static/gallery.js";
import { ViewerView } from "../../../zoo_lab/widgets/viewer/static/viewer_view.js";
import { frame } from "../page.js";
import { makeKernel, makeStep, stubUrls } from "./kernel.js";

let gallery;
let view;
let end;

async function show(options) {
  const { model } = makeKernel(options);
  gallery = new Gallery(model);
  view = new ViewerView(model, gallery);
  document.body.append(view.element);
  end = view.connect();
  await gallery.begin();
  await frame();
}

beforeEach(() => void stubUrls());
afterEach(() => {
  end();
  vi.unstubAllGlobals();
});

it("keeps the notebook's keys from acting meanwhile, and carries its view's name", async () => {
  await show();
  expect(view.element.dataset.lmSuppressShortcuts).toBe("true");
  expect(view.element.dataset.view).toBe("v1");
});

it("shows the chain where there is one, until its button is pressed", async () => {
  await show();
  expect(view.playground.element.hidden).toBe(true);
  end();
  await show({ steps: [makeStep()] });
  const { chain } = view.controls;
  expect([view.playground.element.hidden, chain.getAttribute("aria-expanded")]).toEqual([false, "true"]);
  chain.click();
  expect([view.playground.element.hidden, chain.getAttribute("aria-expanded")]).toEqual([true, "false"]);
});

it("shows either the grid or one image, and puts the keyboard there", async () => {
  await show();
  await gallery.show(1);
  await frame();
  expect([view.grid.element.hidden, view.detail.element.hidden]).toEqual([true, false]);
  expect(document.activeElement).toBe(view.detail.panes);
  view.detail.close();
  expect([view.grid.element.hidden, view.detail.element.hidden]).toEqual([false, true]);
  expect(document.activeElement.dataset.index).toBe("1");
});

it("says what went wrong until something goes well", async () => {
  await show();
  await gallery.show(5);
  await frame();
  expect([view.problem.hidden, view.problem.textContent]).toEqual([false, "it is cut off"]);
  await gallery.show(4);
  await frame();
  expect(view.problem.hidden).toBe(true);
});

it("draws once in a frame, however often it is asked to, and no more when it is closed", async () => {
  await show();
  const update = vi.spyOn(view, "update");
  for (let times = 0; times < 3; times += 1) gallery.changed();
  await frame();
  expect(update).toHaveBeenCalledOnce();
  gallery.changed();
  end();
  await frame();
  expect(update).toHaveBeenCalledOnce();
  expect(document.body.contains(view.element)).toBe(false);
});
