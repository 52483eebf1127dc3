import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Gallery } from "../../../zoo_lab/widgets/viewer/static/gallery.js";
import { Playground } from "../../../zoo_lab/widgets/viewer/static/playground.js";
import { makeKernel, makeStep, stubUrls } from "./kernel.js";

let kernel;
let gallery;
let playground;

async function show(...steps) {
  kernel = makeKernel({ steps });
  gallery = new Gallery(kernel.model);
  playground = new Playground(gallery);
  document.body.append(playground.element);
  await gallery.begin();
  playground.update();
  kernel.slow = true; // what is asked is looked at, and what is shown stays as it was wanted
}

const find = (selector) => playground.element.querySelector(selector);
const wanted = () => kernel.asked.findLast(({ type }) => type === "play")?.wanted;

function enter(input, value, kind = "change") {
  input.value = value;
  input.dispatchEvent(new Event(kind));
}

beforeEach(() => void stubUrls());
afterEach(() => {
  vi.unstubAllGlobals();
  document.body.replaceChildren();
});

it("has a switch for each step, and says what is wrong with one", async () => {
  await show(makeStep({ problem: "Expected low <= high.", changed: true }), makeStep({ name: "ImageHFlip", on: false, params: [] }));
  const [first, second] = [...playground.steps.children];
  expect(first.querySelector("[role=switch]").getAttribute("aria-label")).toBe("Use ImageBrightness");
  expect(first.querySelector("[role=alert]").textContent).toBe("Expected low <= high.");
  expect(first.querySelector("summary").textContent).toBe("ImageBrightness changed");
  expect(second.className).toBe("zoo-step zoo-off");
  expect(second.querySelector("[role=alert]").hidden).toBe(true);
  expect(second.querySelector("details")).toBeNull(); // there is nothing to unfold
  second.querySelector("[role=switch]").click();
  expect(wanted()).toMatchObject({ on: { 1: true } });
});

it("has a slider and an exact number for a number, which go together", async () => {
  await show(makeStep());
  const [rough, exact] = [find(".zoo-param input[type=range]"), find(".zoo-param input[type=number]")];
  expect(exact.getAttribute("aria-label")).toBe("delta, exactly");
  enter(rough, "12", "input");
  expect(exact.value).toBe("12");
  expect(wanted().values).toEqual({ "0/delta": 12 });
  playground.update();
  expect(rough.value).toBe("12");
});

it("takes a number beyond the slider's ends, and leaves an empty one", async () => {
  await show(makeStep());
  const exact = find(".zoo-param input[type=number]");
  enter(exact, "");
  expect(wanted()).toBeUndefined();
  enter(exact, "250");
  expect(wanted().values).toEqual({ "0/delta": 250 });
});

it("has a box for what is true or false, a text for all else, and heads for steps within steps", async () => {
  const params = [
    { path: "0/inner", kind: "step", label: "ImageHFlip", depth: 0 },
    { path: "0/keep_ratio", kind: "switch", label: "keep_ratio", value: true, depth: 1 },
    { path: "0/mode", kind: "text", label: "mode", value: "'zero'", depth: 1 },
  ];
  await show(makeStep({ params }));
  expect(find(".zoo-inner").textContent).toBe("ImageHFlip");
  const box = find(".zoo-param input[type=checkbox]");
  expect([box.checked, box.parentElement.textContent]).toEqual([true, "keep ratio"]);
  box.click();
  expect(wanted().values).toEqual({ "0/keep_ratio": false });
});

it("takes neither a seed below zero nor one that is no number", async () => {
  await show(makeStep());
  enter(playground.seed, "-3");
  expect(wanted().seed).toBe(0);
});

it("takes with Enter what was typed", async () => {
  await show(makeStep());
  playground.epoch.focus();
  const left = vi.fn();
  playground.epoch.addEventListener("blur", left);
  playground.epoch.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
  expect(left).toHaveBeenCalledOnce();
  expect(document.activeElement).toBe(playground.epoch);
});

it("copies the chain as Python", async () => {
  await show(makeStep());
  const writeText = vi.fn(async () => undefined);
  vi.stubGlobal("navigator", { clipboard: { writeText } });
  playground.copy.click();
  await vi.waitFor(() => expect(playground.copy.textContent).toBe("Copied"));
  expect(writeText).toHaveBeenCalledWith(gallery.play.code);
});
