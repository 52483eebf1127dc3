import { expect, it } from "vitest";
import { PartsBar, shares, slowestWords, splitWords } from "../../zoo_lab/widgets/static/parts.js";

const SPLIT = { compute: 0.5, later: 0.25, schedule: 0.25 };

it("puts the parts in the order in which they happen, unknown ones last", () => {
  expect(shares(SPLIT)).toEqual([["schedule", 0.25, 0.25], ["compute", 0.5, 0.5], ["later", 0.25, 0.25]]);
  expect(splitWords(SPLIT)).toEqual(["schedule 250 ms", "compute 500 ms", "later 250 ms"]);
});

it("has no shares where nothing took time", () => {
  expect(shares({})).toEqual([]);
  expect(shares({ compute: 0, read: -0.001 })).toEqual([]);
});

it("counts a part that ended before it began as nothing", () => {
  expect(shares({ read: -0.01, compute: 0.02 })).toEqual([["read", -0.01, 0], ["compute", 0.02, 1]]);
});

it("names the slowest of several workers", () => {
  const timing = { slowest: 1, parts: SPLIT };
  expect(slowestWords(timing, 2)).toBe("slowest: worker 1, compute 500 ms");
  expect(slowestWords(timing, 1)).toBe("");
  expect(slowestWords({ slowest: 1, parts: { read: 1 } }, 2)).toBe("");
});

it("draws the bar with its legend, and says both to those who cannot see them", () => {
  const panel = new PartsBar();
  const { element, bar, legend } = panel;
  expect(element.hidden).toBe(true);
  panel.update(SPLIT);
  expect(element.hidden).toBe(false);
  expect([...bar.children].map(({ style }) => style.flexGrow)).toEqual(["0.25", "0.5", "0.25"]);
  expect(bar.getAttribute("aria-label")).toContain("compute 500 ms, 50 %");
  expect(legend.textContent).toBe("per step:schedule 250 mscompute 500 mslater 250 ms");
});

it("says of which iteration the split is, and hides where there is none", () => {
  const panel = new PartsBar();
  panel.update(SPLIT, 1234);
  expect(panel.legend.textContent).toContain("iteration 1,234:");
  expect(panel.bar.getAttribute("aria-label")).toContain("Where iteration 1234's time went");
  panel.update(null);
  expect(panel.element.hidden).toBe(true);
});
