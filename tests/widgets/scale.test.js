import { describe, expect, it } from "vitest";
import { layout } from "../../zoo_lab/widgets/static/plot.js";
import { extent, linearTicks, logTicks, makeScale, padded, tickText } from "../../zoo_lab/widgets/static/scale.js";

describe("extent", () => {
  it("leaves out what is not finite, and what a logarithm cannot show", () => {
    expect(extent([[1, NaN, 3], [Infinity, -2]])).toEqual([-2, 3]);
    expect(extent([[0, -1, 4, 2]], true)).toEqual([2, 4]);
    expect(extent([[NaN], []])).toBe(null);
  });

  it("gives a flat curve some height", () => {
    const [low, high] = padded([5, 5]);
    expect(low).toBeLessThan(5);
    expect(high).toBeGreaterThan(5);
    expect(padded([0, 0])).toEqual([-0.5, 0.5]);
  });
});

describe("makeScale", () => {
  it("maps values to pixels and back", () => {
    const scale = makeScale([0, 10], [100, 0]);
    expect([scale(0), scale(5), scale(10)]).toEqual([100, 50, 0]);
    expect(makeScale([100, 0], [0, 10])(50)).toBeCloseTo(0);
    expect(makeScale([0, 100], [0, 10])(50)).toBeCloseTo(5);
  });

  it("puts powers of ten at equal distances", () => {
    const scale = makeScale([0.01, 100], [0, 400], true);
    expect([0.01, 0.1, 1, 100].map((number) => Math.round(scale(number)))).toEqual([0, 100, 200, 400]);
    expect(scale(0)).toBeNaN();
  });
});

describe("ticks", () => {
  it.each([
    [[0, 10], 5, [0, 2, 4, 6, 8, 10]],
    [[0.1, 0.42], 4, [0.1, 0.2, 0.3, 0.4]],
    [[-1, 1], 4, [-1, -0.5, 0, 0.5, 1]],
    [[3, 3], 4, [3]],
  ])("of %j are round", (domain, wanted, expected) => {
    expect(linearTicks(domain, wanted)).toEqual(expected);
  });

  it("of a logarithmic axis are powers of ten, with steps between them where there is room", () => {
    expect(logTicks([0.001, 1000])).toEqual([0.001, 0.1, 10, 1000]);
    expect(logTicks([0.1, 3])).toEqual([0.1, 0.2, 0.5, 1, 2]);
    expect(logTicks([2.2, 2.4]).length).toBeGreaterThan(1);
  });

  it.each([[0, "0"], [1200, "1200"], [25000, "25k"], [3e6, "3M"], [0.00002, "2e-5"], [0.25, "0.25"]])(
    "%d reads %s",
    (tick, text) => expect(tickText(tick)).toBe(text),
  );
});

describe("layout", () => {
  const line = (values) => ({ iterations: values.map((_, index) => index + 1), values, smoothed: values });

  it("has nothing to place without a finite value", () => {
    expect(layout({ lines: [line([NaN, NaN])], marks: [] }, 400, 200)).toBe(null);
    expect(layout({ lines: [], marks: [] }, 400, 200)).toBe(null);
  });

  it("keeps curves within the box and turns pixels back into iterations", () => {
    const places = layout({ lines: [line([4, 2, 1])], marks: [] }, 400, 200);
    expect(places.y(4)).toBeGreaterThanOrEqual(places.box.top);
    expect(places.y(1)).toBeLessThanOrEqual(places.box.bottom);
    expect(places.iterationAt(places.x(3))).toBeCloseTo(3);
  });

  it("does not let an outlier press the smoothed curve flat", () => {
    const spiky = { iterations: [1, 2, 3], values: [1, 1000, 2], smoothed: [1, 1.5, 2] };
    const places = layout({ lines: [spiky], marks: [] }, 400, 200);
    expect(places.y(1) - places.y(2)).toBeGreaterThan(80);
  });

  it("shows zero losses as a gap on a logarithmic axis", () => {
    const places = layout({ lines: [line([1, 0, 0.1])], marks: [], log: true }, 400, 200);
    expect(places.y(0)).toBeNaN();
    expect(places.y(0.1)).toBeGreaterThan(places.y(1));
  });
});
