import { expect, it } from "vitest";
import { count, duration, label, rate, remaining, value } from "../../zoo_lab/widgets/static/wording.js";

it.each([[null, "–"], [0.85, "850 ms"], [9.04, "9.0 s"], [42.4, "42 s"], [65.2, "1 min 05 s"], [7380, "2 h 03 min"]])("says %s seconds as %s", (seconds, words) => {
  expect(duration(seconds)).toBe(words);
});

it.each([[undefined, "–"], [0.123456, "0.1235"], [1234.5, "1235"], [2e-7, "2.00e-7"], [3e6, "3.00e+6"], [Infinity, "∞"], [-Infinity, "-∞"], [0, "0"]])("says the loss %s as %s", (number, words) => {
  expect(value(number)).toBe(words);
});

it("separates thousands, and counts no fractions of the last second down", () => {
  expect([count(12345.6), rate(12345.6), rate(3.21), rate(null)]).toEqual(["12,346", "12,346", "3.2", "–"]);
  expect([remaining(0.4), remaining(75), remaining(null)]).toEqual(["< 1 s", "1 min 15 s", "–"]);
  expect(label("val_mean_absolute_error")).toBe("val mean absolute error");
});
