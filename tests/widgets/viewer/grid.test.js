import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Gallery } from "../../../zoo_lab/widgets/viewer/static/gallery.js";
import { Grid, sayings, shortName, thumbnail } from "../../../zoo_lab/widgets/viewer/static/grid.js";
import { makeKernel, makeStep, stubUrls } from "./kernel.js";

let gallery;
let grid;

async function show(options) {
  gallery = new Gallery(makeKernel(options).model);
  await gallery.begin();
  grid = new Grid(gallery);
  document.body.append(grid.element);
  grid.update();
}

const tiles = () => [...grid.element.querySelectorAll(".zoo-tile")];

beforeEach(() => void stubUrls());
afterEach(() => {
  vi.unstubAllGlobals();
  document.body.replaceChildren();
});

it("calls an image by the end of its path, or by its number", () => {
  expect([shortName("photos/7.jpg", 3), shortName("", 3)]).toEqual(["7.jpg", "image 3"]);
});

it("says label and prediction, and whether they agree", () => {
  const said = (item) => sayings(item).map(({ className, textContent }) => [className, textContent]);
  expect(said({ label: "cat", prediction: "dog", agrees: false })).toEqual([
    ["zoo-label", "cat"],
    ["zoo-said zoo-wrong", "dog ✗"],
  ]);
  expect(said({ label: "", prediction: "cat", agrees: true })).toEqual([["zoo-said zoo-right", "cat ✓"]]);
  expect(said({ label: "", prediction: "cat", agrees: null })).toEqual([["zoo-said", "cat"]]);
});

describe("a thumbnail", () => {
  const picture = { url: "blob:1", width: 640, height: 480 };

  it("keeps the picture's shape, and the pixels of a small one", async () => {
    await show();
    const large = thumbnail(gallery, { picture, boxes: [] });
    expect(large.querySelector(".zoo-frame").style.getPropertyValue("--zoo-aspect")).toBe(String(640 / 480));
    expect(large.querySelector("img").className).toBe("");
    const small = thumbnail(gallery, { picture: { ...picture, width: 28, height: 28 }, boxes: [] });
    expect(small.querySelector("img").className).toBe("zoo-pixels");
  });

  it("says what is wrong where there is no picture", async () => {
    await show();
    expect(thumbnail(gallery, { picture: null, boxes: [], problem: "not an image" }).textContent).toBe("not an image");
  });
});

describe("the grid", () => {
  it("opens the image that is pressed", async () => {
    await show();
    tiles()[3].click();
    expect(gallery.open).toBe(3);
  });

  it("keeps the tiles that did not change, and the keyboard where it was", async () => {
    await show();
    const [first] = tiles();
    first.focus();
    grid.update();
    expect(tiles()[0]).toBe(first);
    gallery.set("threshold", 0.5);
    grid.update();
    expect(tiles()[0]).not.toBe(first);
    expect(document.activeElement).toBe(tiles()[0]);
    expect(tiles()[0].getAttribute("aria-label")).toBe("0.jpg, cat, 2 boxes");
  });

  it("puts a pair in each tile where there is a chain", async () => {
    await show({ steps: [makeStep()] });
    expect(grid.list.classList.contains("zoo-pairs")).toBe(true);
    expect(tiles()[0].querySelectorAll("img").length).toBe(2);
    expect(tiles()[0].querySelector(".zoo-arrow").getAttribute("aria-hidden")).toBe("true");
  });
});
