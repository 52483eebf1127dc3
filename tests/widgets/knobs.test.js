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
