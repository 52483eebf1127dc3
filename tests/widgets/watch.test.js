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

it("is not there where nobody watches", () => expect(panel(null).element.hidden).toBe(true));
