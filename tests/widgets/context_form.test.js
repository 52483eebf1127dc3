import { afterEach, beforeEach, expect, it, vi } from "vitest";
import contextForm from "../../zoo_lab/widgets/static/context_form.js";
import { makeModel } from "./page.js";

const FIELDS = [
  { name: "--master", kind: "text", metavar: "URL", help: "where Spark runs", title: "Master", default: "local[*]", suggestions: ["yarn"], many: false },
  { name: "--cores", kind: "number", metavar: "N", help: "tasks at once", title: "Cores", default: "", suggestions: [], many: false },
  { name: "--conf", kind: "pair", metavar: "KEY=VALUE", help: "a property", title: "Properties", default: "", suggestions: [], many: true },
  { name: "--debug", kind: "flag", metavar: "", help: "show all", title: "Debug", default: "", suggestions: [], many: false },
];

let model;
let traits;
let end;
let root;

beforeEach(() => {
  vi.useFakeTimers();
  traits = { fields: FIELDS, values: { "--master": "local[2]" }, line: "%zoo_context --master local[2]", notice: "" };
  model = makeModel(traits);
  root = document.createElement("div");
  document.body.append(root);
  end = contextForm().render({ model, el: root });
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  end();
  document.body.replaceChildren();
});

const field = (title) => document.getElementById([...root.querySelectorAll("label")].find((each) => each.textContent === title).htmlFor);
const said = () => root.querySelector("[role=status]").textContent;
const submit = () => root.querySelector("form").dispatchEvent(new Event("submit", { cancelable: true }));

function enter(title, text) {
  field(title).value = text;
  field(title).dispatchEvent(new Event("input", { bubbles: true }));
}

it("has a labelled and described field for each option, with what was given", () => {
  expect(field("Master").value).toBe("local[2]");
  expect(field("Cores").placeholder).toBe("N");
  expect(field("Properties").tagName).toBe("TEXTAREA");
  expect(field("Debug").type).toBe("checkbox");
  for (const { title, help } of FIELDS) {
    expect(document.getElementById(field(title).getAttribute("aria-describedby")).textContent).toContain(help);
  }
  expect(root.querySelector("datalist option").value).toBe("yarn");
});

it("asks the kernel once after a few keys, and shows the line that it gives", () => {
  enter("Cores", "1");
  enter("Cores", "12");
  vi.advanceTimersByTime(200);
  expect(model.sent).toEqual([{ type: "check", values: { "--master": "local[2]", "--cores": "12", "--conf": "", "--debug": "" } }]);
  expect(root.querySelector("code").textContent).toBe("%zoo_context --master local[2]");
});

it("says what is wrong beside the field that was touched, and of no other", () => {
  enter("Cores", "x");
  model.receive({ content: { type: "checked", problems: { "--cores": "Expected a number.", "--master": "Expected else." } } });
  expect(field("Cores").getAttribute("aria-invalid")).toBe("true");
  const problem = document.getElementById(field("Cores").getAttribute("aria-describedby").split(" ")[0]);
  expect(problem.textContent).toBe("Expected a number.");
  expect(field("Master").getAttribute("aria-invalid")).toBe("false");
});

it("starts once, says how far it is, and can start again after an error", () => {
  field("Debug").checked = true;
  submit();
  submit();
  expect(model.sent).toEqual([{ type: "start", values: { "--master": "local[2]", "--cores": "", "--conf": "", "--debug": "1" } }]);
  expect(said()).toBe("Starting…");
  model.receive({ content: { type: "checked", problems: {} } });
  model.receive({ content: { type: "said", text: "Spark runs" } });
  expect(said()).toBe("Spark runs");
  model.receive({ content: { type: "failed", text: "EnvironmentProblem: no Java" } });
  expect(root.querySelector("[role=alert]").textContent).toBe("EnvironmentProblem: no Java");
  expect(root.querySelector("[type=submit]").disabled).toBe(false);
});

it("leads to the first wrong field where Start met one", () => {
  submit();
  model.receive({ content: { type: "checked", problems: { "--cores": "Expected a number." } } });
  expect(document.activeElement).toBe(field("Cores"));
  expect(root.querySelector("[type=submit]").disabled).toBe(false);
});

it("keeps keys from the notebook, whose commands are letters", () => {
  const heard = vi.fn();
  document.body.addEventListener("keydown", heard);
  field("Master").dispatchEvent(new KeyboardEvent("keydown", { key: "d", bubbles: true }));
  expect(heard).not.toHaveBeenCalled();
});

const press = (text) => [...root.querySelectorAll("button")].find((each) => each.textContent === text).click();

it("copies the line", async () => {
  const writeText = vi.fn(async () => {});
  vi.stubGlobal("navigator", { clipboard: { writeText } });
  press("Copy");
  await vi.waitFor(() => expect(said()).toBe("Copied."), { timeout: 5000 });
  expect(writeText).toHaveBeenCalledWith("%zoo_context --master local[2]");
});

it("asks the page for a cell, and copies where nobody answers", async () => {
  const writeText = vi.fn(async () => {});
  vi.stubGlobal("navigator", { clipboard: { writeText } });
  const taken = (event) => event.preventDefault();
  document.body.addEventListener("zoo-lab:insert", taken);
  press("Insert as a cell");
  expect(said()).toBe("Inserted below.");
  expect(writeText).not.toHaveBeenCalled();
  document.body.removeEventListener("zoo-lab:insert", taken);
  press("Insert as a cell");
  await vi.waitFor(() => expect(said()).toBe("Copied."), { timeout: 5000 });
});
