import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Knobs } from "../../zoo_lab/widgets/static/knobs.js";
import { makeModel, serve } from "./page.js";

let model;
let knobs;

beforeEach(() => {
  model = makeModel();
  knobs = new Knobs(model);
  document.body.append(knobs.element);
  knobs.update({ learning_rate: 0.1 }, true);
});

afterEach(() => {
  vi.unstubAllGlobals();
  document.body.replaceChildren();
  document.head.replaceChildren();
});

const input = () => knobs.element.querySelector("input");

function enter(text) {
  input().value = text;
  knobs.element.querySelector("form").dispatchEvent(new Event("submit", { cancelable: true }));
}

it("shows the present value", () => {
  expect(knobs.element.textContent).toContain("learning rate 0.1");
  expect(input().getAttribute("aria-label")).toBe("New learning rate");
});

it("sends a new one by both ways, and shows it once it holds", () => {
  const fetch = serve();
  enter("0,01");
  const request = { action: "knob", run: "run-1", knob: "learning_rate", value: "0.01" };
  expect(JSON.parse(fetch.mock.calls[0][1].body)).toEqual(request);
  expect(model.sent).toEqual([{ type: "request", request }]);
  knobs.update({ learning_rate: 0.01 }, true);
  expect(knobs.element.textContent).toContain("learning rate 0.01");
});

it.each(["", "fast", "-1", "0"])("sends nothing for %j", (text) => {
  const fetch = serve();
  enter(text);
  expect(fetch).not.toHaveBeenCalled();
  expect(input().getAttribute("aria-invalid")).toBe("true");
});

it("takes 0 where a knob can be off", () => {
  const fetch = serve();
  knobs.update({ learning_rate: 0.1, clipnorm: 1, augmentation_strength: 1 }, true);
  const form = knobs.element.querySelector(".zoo-knob[data-knob='clipnorm']");
  form.querySelector("input").value = "0";
  form.dispatchEvent(new Event("submit", { cancelable: true }));
  expect(JSON.parse(fetch.mock.calls[0][1].body).value).toBe("0");
  knobs.update({ learning_rate: 0.1, clipnorm: 0, augmentation_strength: 1 }, true);
  expect(form.textContent).toContain("clipnorm off");
});

it("says what the kernel refused, once", () => {
  const refused = { knob: "learning_rate", reason: "Expected learning_rate to be above 0." };
  knobs.update({ learning_rate: 0.1 }, true, refused);
  const said = knobs.element.querySelector("[role='status']");
  expect(said.textContent).toContain("above 0");
  expect(input().getAttribute("aria-invalid")).toBe("true");
  knobs.update({ learning_rate: 0.2 }, true, refused);
  expect(said.textContent).toBe("");
});

it("keeps keys from the notebook, whose commands are letters", () => {
  const heard = vi.fn();
  document.body.addEventListener("keydown", heard);
  input().dispatchEvent(new KeyboardEvent("keydown", { key: "d", bubbles: true }));
  expect(heard).not.toHaveBeenCalled();
});

it("is not there where nothing can be turned", () => {
  knobs.update({}, true);
  expect(knobs.element.hidden).toBe(true);
  knobs.update({ learning_rate: 0.1 }, false);
  expect(knobs.element.hidden).toBe(true);
});
