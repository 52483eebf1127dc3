import { afterEach, expect, it } from "vitest";
import { RunStore } from "../../zoo_lab/widgets/static/store.js";
import { savedWatch, takeWatch, WatchPanel } from "../../zoo_lab/widgets/static/watch.js";

const bytes = (...numbers) => new DataView(Uint8Array.from([0, ...numbers]).buffer, 1);
const TOLD = {
  kind: "classes", source: "validation", iteration: 0,
  samples: [{ label: "3", inputs: "", buffer: 4 }, { label: "1", inputs: "0.5, 2", buffer: null }],
  predictions: [[[3, 0.9], [5, 0.1]], [[0, 0.6], [1, 0.4]]],
};

afterEach(() => document.body.replaceChildren());

function panel(watch) {
  const store = new RunStore();
  store.watch = watch;
  const shown = new WatchPanel(store);
  document.body.append(shown.element);
  shown.update();
  return shown;
}

it("takes samples and pictures once, then only predictions", () => {
  const first = takeWatch(null, TOLD, [0, 0, 0, 0, bytes(137, 80)]);
  expect(first.samples[0].picture).toBe(`data:image/png;base64,${btoa("\x89P")}`);
  const then = takeWatch(first, { iteration: 20, predictions: [[[3, 1]], [[1, 1]]] }, []);
  expect(then.samples).toBe(first.samples);
  expect(then.iteration).toBe(20);
  expect(takeWatch(null, { iteration: 20, predictions: [] }, [])).toBe(null); // the samples come with the history
});

it("shows the likeliest classes as bars and marks what is right", () => {
  const { element } = panel(takeWatch(null, TOLD, [0, 0, 0, 0, bytes(1)]));
  const cards = element.querySelectorAll("li");
  expect(cards[0].dataset.right).toBe("true");
  expect(cards[0].textContent).toContain("true 3 ✓");
  expect(cards[0].querySelector(".zoo-watch-true").textContent).toBe("390 %");
  expect(cards[1].dataset.right).toBe("false");
  expect(cards[1].textContent).toContain("0.5, 2");
});

it("shows a number beside its target, also of a saved run", () => {
  const saved = { kind: "values", source: "training", iteration: 9, samples: [{ label: "2.5", inputs: "1", picture: "" }], predictions: [[2.25]] };
  const { element } = panel(savedWatch(saved));
  expect(element.textContent).toContain("training rows at iteration 9");
  expect(element.querySelector("li").textContent).toBe("1target 2.52.25");
  expect(savedWatch(undefined)).toBe(null);
});

it("says what each number is off its target by", () => {
  const saved = { kind: "values", source: "training", iteration: 9, samples: [{ label: "2, 4", targets: [2, 4], inputs: "1", picture: "" }], predictions: [[2.5, null]] };
  const lines = panel(savedWatch(saved)).element.querySelectorAll(".zoo-watch-said > div > div");
  expect([...lines].map((line) => line.textContent)).toEqual(["2.5 off by 0.5", "– off by –"]);
});

it("draws predicted boxes over the true ones, and moves them", () => {
  const sample = { label: "", inputs: "", buffer: 0, aspect: 2, boxes: [["cat", null, 0, 0, 0.5, 0.5]] };
  const told = { kind: "boxes", source: "validation", iteration: 0, samples: [sample], predictions: [[["dog", 0.9, 0.5, 0.5, 1, 1]]] };
  const shown = panel(takeWatch(null, told, [bytes(137)]));
  const rects = () => [...shown.element.querySelectorAll("rect")].map((rect) => [rect.getAttribute("class"), rect.getAttribute("x")]);
  expect(rects()).toEqual([["zoo-box zoo-truth zoo-colour-2", "0"], ["zoo-box zoo-predicted zoo-colour-4", "500"]]);
  expect(shown.element.querySelector("b").textContent).toBe("overlap 0.00");
  expect(shown.element.querySelector(".zoo-watch-said").textContent).toContain("true cat");
  expect(shown.element.querySelector(".zoo-watch-frame").style.aspectRatio).toContain("2");
  shown.store.watch = takeWatch(shown.store.watch, { iteration: 20, predictions: [[["cat", 0.8, 0, 0, 0.5, 0.5]]] }, []);
  shown.update();
  expect(rects()[1][1]).toBe("0");
  expect(shown.element.querySelector("b").textContent).toBe("overlap 1.00");
  expect(shown.element.querySelector(".zoo-watch-said").title).toBe("cat 0.80, overlap 1.00 with a true one");
});

it("is not there where nobody watches", () => expect(panel(null).element.hidden).toBe(true));
