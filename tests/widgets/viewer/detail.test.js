import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Detail } from "../../../zoo_lab/widgets/viewer/static/detail.js";
import { Gallery } from "../../../zoo_lab/widgets/viewer/static/gallery.js";
import { makeKernel, makeStep, stubUrls } from "./kernel.js";

let gallery;
let detail;
let left;

async function show(index, options) {
  gallery = new Gallery(makeKernel(options).model);
  left = vi.fn();
  detail = new Detail(gallery, left);
  document.body.append(detail.element);
  gallery.subscribe(() => detail.update());
  await gallery.begin();
  await gallery.show(index);
}

const captions = () => [...detail.panes.querySelectorAll("figcaption")].map(({ textContent }) => textContent);
const press = (key, target = detail.panes) => {
  const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true });
  target.dispatchEvent(event);
  return event.defaultPrevented;
};

beforeEach(() => void stubUrls());
afterEach(() => {
  vi.unstubAllGlobals();
  document.body.replaceChildren();
});

it("is hidden while the grid is shown", async () => {
  await show(null);
  expect(detail.element.hidden).toBe(true);
});

it("tells what is known of the image", async () => {
  await show(1);
  const told = [...detail.facts.children].map(({ textContent }) => textContent);
  expect(told).toEqual(["image", "folder/1.jpg", "label", "cat", "pixels", "640 × 480", "Flip", "on 1"]);
  expect(detail.place.textContent).toBe("2 of 40");
});

it("ends at the first image and at the last", async () => {
  await show(0);
  expect([detail.previous.disabled, detail.next.disabled]).toEqual([true, false]);
  await gallery.show(39);
  for (let page = 6; page < 40; page += 6) await gallery.more();
  await gallery.show(39);
  expect([detail.previous.disabled, detail.next.disabled]).toEqual([false, true]);
});

it("goes nearer and farther with keys, and back to the whole for the next image", async () => {
  await show(1);
  expect([detail.scale.textContent, detail.farther.disabled]).toEqual(["fit", true]);
  press("+");
  press("=");
  expect(detail.scale.textContent).toBe("× 2");
  expect(detail.panes.style.getPropertyValue("--zoo-zoom")).toBe("2");
  press("-");
  expect(detail.scale.textContent).toBe("× 1.5");
  for (let times = 0; times < 9; times += 1) press("+");
  expect([detail.scale.textContent, detail.nearer.disabled]).toEqual(["× 8", true]);
  press("0");
  expect(detail.scale.textContent).toBe("fit");
  press("+");
  await gallery.show(2);
  expect(detail.scale.textContent).toBe("fit");
});

it("takes the keys that it knows from the notebook, and no others", async () => {
  await show(1);
  expect([press("+"), press("x")]).toEqual([true, false]);
  expect(press("ArrowRight", detail.beside)).toBe(false); // the checkbox has keys of its own
  expect(gallery.open).toBe(1);
});

it("puts what is true beside what was predicted, or both in one picture", async () => {
  await show(1);
  expect(captions()).toEqual(["ground truth", "prediction"]);
  detail.beside.click();
  expect(captions()).toEqual([""]);
  expect(detail.panes.querySelectorAll(".zoo-box").length).toBe(3);
});

it("says which side of the chain each picture is on", async () => {
  await show(1, { steps: [makeStep()] });
  const sides = ["as read", "after the chain"];
  expect(captions()).toEqual(sides.flatMap((side) => [`${side}: ground truth`, `${side}: prediction`]));
});

it("says a box's words while it is pointed at", async () => {
  await show(1);
  const [truth] = detail.panes.querySelectorAll(".zoo-truth");
  truth.dispatchEvent(new Event("pointerenter"));
  expect(detail.tip.textContent).toBe("cat");
  truth.dispatchEvent(new Event("pointerleave"));
  expect(detail.tip.textContent).toBe("");
});

it("leads back to the image's tile", async () => {
  await show(3);
  press("Escape");
  expect(left).toHaveBeenCalledWith(3);
  expect([gallery.open, detail.panes.childElementCount]).toEqual([null, 0]);
});
