import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { boxWords, overlap } from "../../../zoo_lab/widgets/static/boxes.js";
import imageViewer from "../../../zoo_lab/widgets/viewer/static/image_viewer.js";
import { frame } from "../page.js";
import { BOXES, makeKernel, makeStep, stubUrls } from "./kernel.js";

let kernel;
let element;
let leave;
let dispose;
let urls;

function open(options) {
  kernel = makeKernel(options);
  element = document.body.appendChild(document.createElement("div"));
  const widget = imageViewer();
  leave = widget.initialize({ model: kernel.model });
  dispose = widget.render({ model: kernel.model, el: element });
  return settle();
}

async function settle() {
  for (let turn = 0; turn < 4; turn += 1) await frame();
}

const all = (selector) => [...element.querySelectorAll(selector)];
const find = (selector) => element.querySelector(selector);
const kinds = () => kernel.asked.map(({ type }) => type);

async function press(target, key) {
  target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  await settle();
}

beforeEach(() => (urls = stubUrls()));

afterEach(() => {
  vi.unstubAllGlobals();
  document.body.replaceChildren();
});

describe("the grid", () => {
  beforeEach(() => open());

  it("asks for one page, and for the next when more are wanted", async () => {
    expect(kinds()).toEqual(["ready", "items"]);
    expect(all(".zoo-tile").length).toBe(6);
    find(".zoo-more button").click();
    await settle();
    expect(kernel.asked.at(-1)).toMatchObject({ type: "items", start: 6, count: 6 });
    expect(all(".zoo-tile").length).toBe(12);
    expect(document.activeElement).toBe(all(".zoo-tile")[6]);
  });

  it("names each image to those who cannot see it", () => {
    expect(find(".zoo-tile").getAttribute("aria-label")).toBe("0.jpg, cat, 3 boxes");
  });

  it("has one tile in the order of Tab, which the arrows move", async () => {
    const [first, second] = all(".zoo-tile");
    expect(all(".zoo-tile[tabindex='0']")).toEqual([first]);
    first.focus();
    await press(first, "ArrowRight");
    expect(document.activeElement).toBe(second);
    expect(all(".zoo-tile[tabindex='0']")).toEqual([second]);
    await press(second, "End");
    expect(document.activeElement).toBe(all(".zoo-tile")[5]);
  });

  it("draws the boxes above the threshold, of the chosen classes", async () => {
    const drawn = () => find(".zoo-tile").querySelectorAll(".zoo-box").length;
    expect(drawn()).toBe(3);
    const slider = find(".zoo-threshold input");
    slider.value = "0.5";
    slider.dispatchEvent(new Event("input"));
    await settle();
    expect(drawn()).toBe(2);
    expect(find(".zoo-boxes-shown").textContent).toBe("12 of 18 boxes");
    all(".zoo-chip")[1].click();
    await settle();
    expect(kernel.model.get("classes")).toEqual(["dog"]);
    expect(drawn()).toBe(0);
    expect(kinds()).toEqual(["ready", "items"]); // all of it in the page
  });

  it("takes everything back when it is closed", () => {
    expect(urls.size).toBe(6);
    dispose();
    leave();
    expect(urls.size).toBe(0);
    expect(kernel.model.listens()).toBe(false);
    expect(element.childElementCount).toBe(0);
  });
});

describe("a set that must be read to be counted", () => {
  it("says that there may be more, until it is known that there are not", async () => {
    await open({ complete: false });
    expect(find(".zoo-title").textContent).toBe("40 or more images");
    expect(find(".zoo-more").textContent).toBe("More6 of 40 or more");
    for (let page = 0; page < 6; page += 1) {
      find(".zoo-more button").click();
      await settle();
    }
    expect(find(".zoo-title").textContent).toBe("40 images");
    expect(all(".zoo-tile").length).toBe(40);
    expect(find(".zoo-more button").hidden).toBe(true);
  });
});

describe("one image", () => {
  beforeEach(async () => {
    await open();
    all(".zoo-tile")[1].click();
    await settle();
  });

  it("is fetched in full when it is opened, and its neighbour with the arrow", async () => {
    expect(kernel.asked.at(-1)).toMatchObject({ type: "whole", index: 1 });
    await press(find(".zoo-panes"), "ArrowRight");
    expect(kernel.asked.at(-1)).toMatchObject({ type: "whole", index: 2 });
    expect(find(".zoo-facts").textContent).toContain("folder/2.jpg");
    expect(urls.size).toBe(7); // six thumbnails and one in full
  });

  it("fetches the next page when it leads beyond the last", async () => {
    for (let step = 0; step < 5; step += 1) await press(find(".zoo-panes"), "ArrowRight");
    expect(kernel.asked.filter(({ type }) => type === "items").at(-1)).toMatchObject({ start: 6 });
    expect(find(".zoo-facts").textContent).toContain("folder/6.jpg");
  });

  it("says what the kernel says is wrong", async () => {
    for (let step = 0; step < 4; step += 1) await press(find(".zoo-panes"), "ArrowRight");
    expect(find(".zoo-problem").textContent).toBe("it is cut off");
  });

  it("shows what is true beside what was predicted", () => {
    const panes = all(".zoo-pane");
    expect(panes.map((pane) => pane.querySelector("figcaption").textContent)).toEqual(["ground truth", "prediction"]);
    expect(panes.map((pane) => pane.querySelectorAll(".zoo-box").length)).toEqual([1, 2]);
  });

  it("goes back to its tile with Escape", async () => {
    await press(find(".zoo-panes"), "Escape");
    expect(find(".zoo-detail").hidden).toBe(true);
    expect(document.activeElement).toBe(all(".zoo-tile")[1]);
    expect(urls.size).toBe(6);
  });
});

describe("the chain", () => {
  beforeEach(() => open({ steps: [makeStep()] }));

  it("sends what a switch and a slider say, and draws anew", async () => {
    find(".zoo-step input").click();
    await settle();
    expect(kernel.asked.at(-2)).toMatchObject({ type: "play", wanted: { on: { 0: false } } });
    expect(kernel.asked.at(-1)).toMatchObject({ type: "items", start: 0 });
  });

  it("asks once for many moves of a slider while the kernel is busy", async () => {
    kernel.slow = true;
    const slider = find(".zoo-param input[type=range]");
    for (const value of ["10", "11", "12"]) {
      slider.value = value;
      slider.dispatchEvent(new Event("input"));
    }
    expect(kinds().filter((kind) => kind === "play").length).toBe(1);
    kernel.slow = false;
    kernel.release();
    await settle();
    const played = kernel.asked.filter(({ type }) => type === "play");
    expect(played.map(({ wanted }) => wanted.values["0/delta"])).toEqual([10, 12]);
  });

  it("shows what each step left of the open image, and takes its pictures back", async () => {
    all(".zoo-tile")[2].click();
    await settle();
    expect(all(".zoo-strip li").map((stage) => stage.textContent.slice(0, 3))).toEqual(["1 A", "2 B"]);
    expect(urls.size).toBe(12 + 2 + 2);
    await press(find(".zoo-panes"), "Escape");
    expect(urls.size).toBe(12);
  });

  it("leaves a number alone while it is typed", async () => {
    const epoch = find(".zoo-chance label:nth-child(2) input");
    epoch.focus();
    epoch.value = "12";
    find(".zoo-threshold input").dispatchEvent(new Event("input")); // draws everything anew
    await settle();
    expect(epoch.value).toBe("12");
    epoch.dispatchEvent(new Event("change"));
    await settle();
    expect(kernel.asked.findLast(({ type }) => type === "play").wanted.epoch).toBe(12);
  });

  it("leads to another epoch", async () => {
    find(".zoo-chance button").click();
    await settle();
    expect(kernel.asked.findLast(({ type }) => type === "play").wanted.epoch).toBe(1);
    expect(find(".zoo-chance label:nth-child(2) input").value).toBe("1");
  });
});

describe("boxes", () => {
  it("overlap by the share of both", () => {
    expect(overlap([0, 0, 2, 2], [1, 0, 3, 2])).toBeCloseTo(1 / 3);
    expect(overlap([0, 0, 1, 1], [2, 2, 3, 3])).toBe(0);
  });

  it("say their score, and how well they meet the true one of their class", () => {
    expect(boxWords(BOXES[1], BOXES)).toBe("cat 0.80, overlap 0.80 with a true one");
    expect(boxWords(BOXES[2], BOXES)).toBe("dog 0.30, no true one there");
    expect(boxWords(BOXES[0], BOXES)).toBe("cat");
  });
});
