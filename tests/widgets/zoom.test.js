import { beforeEach, describe, expect, it } from "vitest";
import { layout, stretch } from "../../zoo_lab/widgets/static/plot.js";
import { inverse, makeScale } from "../../zoo_lab/widgets/static/scale.js";
import { moved, narrowed, ZoomGestures } from "../../zoo_lab/widgets/static/zoom.js";

describe("a zoom", () => {
  it("narrows around a point and stays within the run", () => {
    expect(narrowed(null, [0, 100], 0.5, 50)).toEqual([25, 75]);
    expect(narrowed([0, 20], [0, 100], 0.5, 0)).toEqual([0, 10]);
    expect(narrowed([90, 100], [0, 100], 2, 95)).toEqual([80, 100]);
  });

  it("is never empty, and none where it would be all", () => {
    expect(narrowed([10, 14], [0, 100], 0.5, 12)).toEqual([10, 14]);
    expect(narrowed([0, 60], [0, 100], 2, 30)).toBeNull();
  });

  it("moves without leaving the run", () => {
    expect(moved([10, 20], [0, 100], 5)).toEqual([15, 25]);
    expect(moved([10, 20], [0, 100], -50)).toEqual([0, 10]);
    expect(moved([10, 20], [0, 100], 500)).toEqual([90, 100]);
  });
});

describe("the plot", () => {
  const iterations = Array.from({ length: 100 }, (_, index) => index + 1);
  const values = iterations.map((each) => (each < 50 ? 100 : 1));
  const chart = { lines: [{ iterations, values, smoothed: values }], marks: [] };

  it("shows the part with axes of its own", () => {
    const places = layout({ ...chart, zoom: [60, 80] }, 400, 200);
    expect(places.x(60)).toBe(places.box.left);
    expect(places.iterationAt(places.box.right)).toBeCloseTo(80);
    expect(places.yTicks.at(-1)).toBeLessThan(2);
  });

  it("takes one point more at each side, so that the line leaves the picture", () => {
    expect(stretch(iterations, [60, 80])).toEqual([58, 81]);
    expect(stretch(iterations, [0, 500])).toEqual([0, 100]);
  });

  it("finds iterations back on a logarithmic axis", () => {
    const scale = makeScale([1, 1000], [48, 386], true);
    expect(inverse([1, 1000], [48, 386], true)(scale(10))).toBeCloseTo(10);
  });

  it("keeps only events that are in sight", () => {
    const events = [{ iteration: 5 }, { iteration: 70 }];
    expect(layout({ ...chart, events, zoom: [60, 80] }, 400, 200).events).toEqual([{ iteration: 70 }]);
  });
});

describe("gestures", () => {
  let canvas;
  let store;
  let gestures;

  beforeEach(() => {
    canvas = document.createElement("canvas");
    store = { settings: { zoom: null }, rows: { get: () => [1, 50, 101] }, changed() {} };
    const places = { box: { left: 0, right: 100 }, iterationAt: (left) => 1 + left };
    gestures = new ZoomGestures(canvas, store, () => places, () => {});
  });

  const pointer = (type, left, keys = {}) => {
    const event = new MouseEvent(type, { button: 0, bubbles: true, cancelable: true, ...keys });
    Object.defineProperty(event, "offsetX", { value: left });
    canvas.dispatchEvent(event);
    return event;
  };
  const drag = (from, to, keys) => {
    pointer("pointerdown", from, keys);
    pointer("pointermove", to, keys);
    pointer("pointerup", to, keys);
  };

  it("a drag looks closer, a double click at the whole again", () => {
    drag(60, 20);
    expect(store.settings.zoom).toEqual([21, 61]);
    pointer("dblclick", 10);
    expect(store.settings.zoom).toBeNull();
  });

  it("a click alone changes nothing", () => {
    drag(60, 62);
    expect(store.settings.zoom).toBeNull();
    expect(gestures.band.hidden).toBe(true);
  });

  it("Shift and a drag move what is seen", () => {
    store.settings.zoom = [21, 61];
    drag(50, 75, { shiftKey: true });
    expect(store.settings.zoom).toEqual([11, 51]);
  });

  it("the wheel zooms with Ctrl only, since without it scrolls the notebook", () => {
    const wheel = (keys) => {
      const event = new WheelEvent("wheel", { deltaY: -1, cancelable: true, ...keys });
      Object.defineProperty(event, "offsetX", { value: 50 });
      canvas.dispatchEvent(event);
      return event.defaultPrevented;
    };
    expect(wheel({})).toBe(false);
    expect(store.settings.zoom).toBeNull();
    expect(wheel({ ctrlKey: true })).toBe(true);
    expect(store.settings.zoom).toEqual([11, 91]);
  });

  it("keys do the same", () => {
    const key = (name) => gestures.key(new KeyboardEvent("keydown", { key: name, cancelable: true }));
    expect(key("+")).toBe(true);
    expect(store.settings.zoom).toEqual([26, 76]);
    expect(key("-")).toBe(true);
    expect(store.settings.zoom).toBeNull();
    expect(key("x")).toBe(false);
  });
});
