import { describe, expect, it } from "vitest";
import { draw } from "../../zoo_lab/widgets/static/plot.js";
import { pyramidOf } from "../../zoo_lab/widgets/static/pyramid.js";
import { rowsOfColumns, sumsOf } from "../../zoo_lab/widgets/static/sums.js";
import { makePen } from "./page.js";

const wave = (count) => Array.from({ length: count }, (_, index) => Math.sin(index / 7) * (1 + index / count));
const plainExtent = (numbers) => [Math.min(...numbers), Math.max(...numbers)];

describe("the blocks", () => {
  it.each([[0, 5000], [1, 4999], [17, 300], [255, 4097], [4096, 4100]])("know lowest and highest of the rows %i to %i", (from, to) => {
    const numbers = wave(5000);
    expect(pyramidOf(numbers).extent(from, to)).toEqual(plainExtent(numbers.slice(from, to)));
  });

  it("grow with their column", () => {
    const numbers = wave(100);
    pyramidOf(numbers);
    for (const number of wave(1000)) numbers.push(2 * number);
    expect(pyramidOf(numbers).extent()).toEqual(plainExtent(numbers));
  });

  it("leave out what is not finite, and what a logarithm cannot show", () => {
    const numbers = wave(600).map((number, index) => (index % 3 ? number : NaN));
    numbers[5] = Infinity;
    const positive = numbers.filter((number) => Number.isFinite(number) && number > 0);
    expect(pyramidOf(numbers).extent(0, 600, true)).toEqual(plainExtent(positive));
    expect(pyramidOf([NaN, Infinity]).extent()).toBe(null);
  });
});

describe("a chart of many points", () => {
  const chart = (count, more = {}) => {
    const values = wave(count).map((number) => number + 3);
    const iterations = Array.from({ length: count }, (_, index) => index + 1);
    return { lines: [{ name: "loss", colour: "red", iterations, values, smoothed: values }], marks: [], ...more };
  };
  const drawnOf = (given) => {
    const pen = makePen();
    const canvas = { clientWidth: 400, clientHeight: 200, width: 400, height: 200, getContext: () => pen };
    const places = draw(canvas, given, { font: "11px sans-serif" });
    return { places, points: [...pen.drawn.moves, ...pen.drawn.lines] };
  };

  it("is drawn in as many points as the picture is wide, whatever its length", () => {
    const { points } = drawnOf(chart(100_000));
    expect(points.length).toBeGreaterThan(400);
    expect(points.length).toBeLessThan(2500);
  });

  it.each([{}, { logX: true }, { log: true }, { zoom: [20_000, 60_000] }])("reaches its lowest and highest value with %j", (more) => {
    const given = chart(100_000, more);
    const { places, points } = drawnOf(given);
    const [from, to] = more.zoom ?? [0, 100_000];
    const [low, high] = plainExtent(given.lines[0].values.slice(from, to));
    const tops = points.map(([, top]) => top);
    expect(tops.some((top) => Math.abs(top - places.y(high)) < 0.5)).toBe(true);
    expect(tops.some((top) => Math.abs(top - places.y(low)) < 0.5)).toBe(true);
  });

  it("is drawn point by point where there are few", () => {
    const { places, points } = drawnOf(chart(20));
    const values = chart(20).lines[0].values;
    for (const [index, value] of values.entries()) {
      expect(points.some(([left, top]) => Math.abs(left - places.x(index + 1)) < 1e-6 && Math.abs(top - places.y(value)) < 1e-6)).toBe(true);
    }
  });

  it("has a gap where a value is missing", () => {
    const given = chart(20);
    given.lines[0].values[10] = NaN;
    const pen = makePen();
    draw({ clientWidth: 400, clientHeight: 200, width: 400, height: 200, getContext: () => pen }, given, {});
    const whole = makePen();
    draw({ clientWidth: 400, clientHeight: 200, width: 400, height: 200, getContext: () => whole }, chart(20), {});
    expect(pen.drawn.moves.length).toBe(whole.drawn.moves.length + 1);
  });
});

describe("running sums", () => {
  it("give the mean of a stretch and how often a number comes in it, also of what is added later", () => {
    const numbers = [1, 2, NaN, 4];
    expect([sumsOf(numbers).total(1, 4), sumsOf(numbers).count(1, 4)]).toEqual([6, 2]);
    expect(sumsOf(numbers).equal(2, 0, 4)).toBe(1);
    numbers.push(2);
    expect([sumsOf(numbers).total(1, 5), sumsOf(numbers).equal(2, 0, 5)]).toEqual([8, 2]);
  });

  it("know which rows fall into a column", () => {
    expect(rowsOfColumns([1, 2, 3, 4, 9], 3, (iteration) => (iteration - 1) / 2)).toEqual([[0, 2], [2, 4], [4, 4]]);
  });
});
