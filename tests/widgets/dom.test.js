import { afterEach, expect, it, vi } from "vitest";
import { colourOf, h, setText } from "../../zoo_lab/widgets/static/dom.js";

afterEach(() => document.body.replaceChildren());

it("makes an element with attributes, listeners and children", () => {
  const press = vi.fn();
  const button = h("button", { type: "button", "aria-label": "Go", onclick: press }, "to ", h("b", {}, "the end"));
  button.click();
  expect(button.outerHTML).toBe('<button type="button" aria-label="Go">to <b>the end</b></button>');
  expect(press).toHaveBeenCalledOnce();
});

it("leaves out attributes that have nothing to say, but not zero and the empty text", () => {
  const input = h("input", { title: null, id: undefined, disabled: false, min: 0, hidden: "" });
  expect(input.getAttributeNames()).toEqual(["min", "hidden"]);
});

it("takes text as text, whatever is in it", () => {
  expect(h("p", {}, "<b>no element</b>").children.length).toBe(0);
});

it("sets a text where it differs only, so that nothing is read aloud twice", () => {
  const element = h("p", {}, "loss 1");
  const [kept] = element.childNodes;
  setText(element, "loss 1");
  expect(element.firstChild).toBe(kept);
  setText(element, "loss 2");
  expect(element.textContent).toBe("loss 2");
});

it("finds the colour of a property where the element is, and grey where there is none", () => {
  const element = document.body.appendChild(h("p", { style: "--zoo-good: #0a0" }));
  expect(colourOf(element, "--zoo-good")).toBe("#0a0");
  expect(colourOf(element, "--zoo-bad")).toBe("#757575");
});
