import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { boxesOf, Gallery } from "../../../zoo_lab/widgets/viewer/static/gallery.js";
import { BOXES, makeKernel, makeStep, stubUrls } from "./kernel.js";

let kernel;
let gallery;
let urls;

async function begin(options) {
  kernel = makeKernel(options);
  gallery = new Gallery(kernel.model);
  await gallery.begin();
}

const asked = (kind) => kernel.asked.filter(({ type }) => type === kind);

beforeEach(() => (urls = stubUrls()));
afterEach(() => vi.unstubAllGlobals());

describe("a gallery", () => {
  beforeEach(() => begin());

  it("begins with one page", () => {
    expect(gallery.items.length).toBe(6);
    expect([gallery.total, gallery.busy, gallery.problem]).toEqual(["40", 0, ""]);
  });

  it("knows which images there are", () => {
    expect([-1, 0, 39, 40].map((index) => gallery.has(index))).toEqual([false, true, true, false]);
  });

  it("tells all that listen, until they do not", async () => {
    const listener = vi.fn();
    const end = gallery.subscribe(listener);
    gallery.set("threshold", 0.5);
    expect(listener).toHaveBeenCalledOnce();
    end();
    gallery.set("threshold", 0.6);
    expect(listener).toHaveBeenCalledOnce();
  });

  it("draws the boxes of the classes that are chosen, above the least score; true ones have none", () => {
    const drawn = () => BOXES.filter((box) => gallery.draws(box)).map(({ name, score }) => [name, score]);
    gallery.set("threshold", 0.5);
    expect(drawn()).toEqual([["cat", null], ["cat", 0.8]]);
    gallery.set("threshold", 0);
    gallery.toggle("dog");
    expect(drawn()).toEqual([["dog", 0.3]]);
    gallery.toggle("dog");
    expect(drawn().length).toBe(3);
  });

  it("counts boxes by class, in the order of the labels, and keeps a class's colour", () => {
    expect(gallery.boxed()).toEqual([["cat", 12], ["dog", 6]]);
    const colours = ["dog", "cat", "dog"].map((name) => gallery.colour(name));
    expect(colours).toEqual([0, 1, 0]);
  });

  it("forgets an image that was left before it came", async () => {
    kernel.slow = true;
    const first = gallery.show(1);
    await gallery.show(null);
    kernel.release();
    await first;
    expect(gallery.whole).toBeNull();
    expect(urls.size).toBe(6);
  });

  it("gives back every address when it is closed", async () => {
    await gallery.show(2);
    expect(urls.size).toBe(7);
    gallery.close();
    expect(urls.size).toBe(0);
    expect(kernel.model.listens()).toBe(false);
  });
});

describe("the chain of a gallery", () => {
  beforeEach(() => begin({ steps: [makeStep()] }));

  it("shows what is wanted before the kernel has done it", () => {
    kernel.slow = true;
    gallery.change({ seed: 7, on: { 0: false }, values: { "0/delta": 3 } });
    expect(gallery.play.seed).toBe(7);
    expect(gallery.play.steps[0]).toMatchObject({ on: false, params: [{ value: 3 }] });
  });

  it("puts changes together that come while the kernel works", async () => {
    kernel.slow = true;
    const first = gallery.change({ epoch: 1 });
    gallery.change({ on: { 0: false } });
    gallery.change({ values: { "0/delta": 3 }, epoch: 2 });
    kernel.slow = false;
    kernel.release();
    await first;
    const last = { epoch: 2, on: { 0: false }, values: { "0/delta": 3 } };
    expect(asked("play").map(({ wanted }) => wanted)).toEqual([{ epoch: 1, on: {}, values: {} }, last]);
  });
});

it("takes the boxes of the side that has most, after the chain where both have as many", () => {
  const sides = [{ boxes: [1, 2] }, { boxes: [3] }];
  expect(boxesOf({ sides })).toEqual([1, 2]);
  expect(boxesOf({ sides: [{ boxes: [1] }, { boxes: [2] }] })).toEqual([2]);
});
