import { expect, it, vi } from "vitest";
import { button, counted, slider } from "../../../zoo_lab/widgets/viewer/static/buttons.js";

it("makes a button that says what it does where its label does not", () => {
  const press = vi.fn();
  const next = button("›", press, "Next image");
  next.click();
  expect(press).toHaveBeenCalledOnce();
  expect([next.type, next.title, next.getAttribute("aria-label")]).toEqual(["button", "Next image", "Next image"]);
  expect(button("More", press).hasAttribute("aria-label")).toBe(false);
});

it("makes a slider that tells of each move in numbers", () => {
  const moves = [];
  const score = slider("Least score", { high: 1, step: 0.01 }, (to) => moves.push(to));
  expect([score.min, score.max, score.value, score.getAttribute("aria-label")]).toEqual(["0", "1", "0", "Least score"]);
  score.value = "0.25";
  score.dispatchEvent(new Event("input"));
  expect(moves).toEqual([0.25]);
});

it("counts in words", () => {
  expect([counted(1, "image"), counted(14000, "image"), counted(2, "box")]).toEqual(["1 image", "14,000 images", "2 boxes"]);
});
