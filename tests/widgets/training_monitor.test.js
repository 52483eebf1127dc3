import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { besides } from "../../zoo_lab/widgets/static/panel.js";
import trainingMonitor from "../../zoo_lab/widgets/static/training_monitor.js";
import { frame, furnish, makeModel, packet, serve } from "./page.js";

let model;
let element;
let leave;
let dispose;

beforeEach(() => {
  furnish();
  model = makeModel();
  element = document.body.appendChild(document.createElement("div"));
  const widget = trainingMonitor();
  leave = widget.initialize({ model });
  dispose = widget.render({ model, el: element });
});

afterEach(() => {
  dispose();
  vi.unstubAllGlobals();
  document.body.replaceChildren();
  document.head.replaceChildren();
});

const find = (selector) => element.querySelector(selector);
const text = (selector) => find(selector).textContent;
const visible = (selector) => !find(selector).closest("[hidden]");
const canvas = (index = 0) => element.querySelectorAll(".zoo-canvas")[index];

async function receive(options) {
  model.receive(packet(options));
  await frame();
  await frame();
}

function slide(weight) {
  const slider = find("input[type=range]");
  slider.value = weight;
  slider.dispatchEvent(new Event("input"));
}

async function press(key, target = canvas()) {
  target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  await frame();
  await frame();
}

describe("before the first iteration", () => {
  it("asks for the history", () => expect(model.sent).toEqual([{ type: "ready" }]));

  it("says what is going on instead of being blank", async () => {
    expect(text(".zoo-waiting")).toBe("Preparing the run…");
    const status = "Starting: shipping the model to 2 workers…";
    await receive({ to: 0, summary: { state: "starting", status, iteration: 0 } });
    expect(text(".zoo-waiting")).toBe(status);
    expect(visible(".zoo-charts")).toBe(false);
  });
});

describe("while it trains", () => {
  it("shows name, progress, pace and time left", async () => {
    await receive();
    expect(text(".zoo-name")).toBe("digits");
    expect(text(".zoo-status")).toBe("epoch 1/2 · step 3/5");
    expect(text(".zoo-line")).toContain("2,560 samples/s");
    expect(text(".zoo-line")).toContain("1 min 15 s left");
    expect(find(".zoo-bar > div").style.width).toBe("30%");
    expect(find(".zoo-bar").getAttribute("aria-valuenow")).toBe("3");
  });

  it("counts down to less than a second, not to nothing", async () => {
    await receive({ summary: { eta: 0 } });
    expect(text(".zoo-line")).toContain("< 1 s left");
  });

  it("draws the curve and marks the validation", async () => {
    await receive({ epochs: [{ iteration: 2, loss: 4.5 }] });
    const { drawn } = canvas().getContext("2d");
    expect(drawn.lines.length).toBeGreaterThan(2);
    expect(drawn.arcs.length).toBe(1);
    expect(text(".zoo-legend")).toContain("val 4.5");
  });

  it("says where the time goes", async () => {
    await receive();
    expect(text(".zoo-parts-legend")).toContain("compute 30 ms");
    expect(find(".zoo-parts-bar").getAttribute("aria-label")).toContain("compute 30 ms, 75 %");
    const parts = [...find(".zoo-parts-bar").children].map((part) => part.title.split(" ")[0]);
    expect(parts).toEqual(["schedule", "compute"]);
  });

  it("hides a curve when its name is pressed, and shows it again", async () => {
    await receive();
    const entry = element.querySelectorAll(".zoo-series")[1];
    entry.click();
    await frame();
    await frame();
    expect(entry.getAttribute("aria-pressed")).toBe("false");
    entry.click();
    await frame();
    await frame();
    expect(entry.getAttribute("aria-pressed")).toBe("true");
  });

  it("has no place for metrics where there are none", async () => {
    const { content, buffers } = packet();
    content.columns = ["iteration", "loss"];
    model.receive({ content, buffers });
    await frame();
    await frame();
    expect(visible(".zoo-panel:last-child")).toBe(false);
  });

  it("tells of notices", async () => {
    await receive({ summary: { notice: "A worker was lost; the iteration is done again." } });
    expect(text(".zoo-notice")).toContain("worker was lost");
    expect(visible(".zoo-notice")).toBe(true);
  });
});

describe("the crosshair", () => {
  it("follows the pointer in all charts and shows the values", async () => {
    await receive();
    const event = new MouseEvent("pointermove", { bubbles: true });
    Object.defineProperty(event, "offsetX", { value: 380 });
    canvas().dispatchEvent(event);
    await frame();
    await frame();
    const tips = [...element.querySelectorAll(".zoo-tooltip")].map((tip) => tip.textContent);
    expect(tips[0]).toContain("iteration 3");
    expect(tips[0]).toContain("loss 2.667");
    expect(tips[1]).toContain("accuracy 0.75");
  });

  it.each([[100, 112], [350, 138], [200, 212], [390, 178]])("at %d has its values beside it", (left, begin) => {
    expect(besides(left, 200, 420)).toBe(begin);
  });

  it("has its values within a chart that is too narrow for a place beside it", () => {
    expect(besides(150, 200, 300)).toBe(100);
    expect(besides(150, 320, 300)).toBe(0);
  });

  it("moves with the arrow keys and is read out", async () => {
    await receive({ to: 5 });
    await press("ArrowLeft");
    const timing = "slowest: worker 0, compute 40 ms; schedule 10 ms · compute 40 ms";
    expect(canvas().getAttribute("aria-valuetext")).toBe(`iteration 4: loss 2; ${timing}`);
    expect(canvas(1).getAttribute("aria-valuetext")).toBe("iteration 4: accuracy 0.8");
    await press("Home");
    expect(canvas().getAttribute("aria-valuetext")).toContain("iteration 1: loss 8; slowest: worker 1, compute 10 ms");
    await press("End");
    expect(canvas().getAttribute("aria-valuenow")).toBe("5");
  });

  it("names the slowest worker and shows where that iteration's time went, until it leaves", async () => {
    await receive({ to: 5 });
    await press("ArrowLeft");
    const tips = [...element.querySelectorAll(".zoo-tooltip")].map((tip) => tip.textContent);
    expect(tips[0]).toContain("slowest: worker 0, compute 40 ms");
    expect(tips[0]).toContain("schedule 10 mscompute 40 ms");
    expect(tips[1]).not.toContain("slowest");
    expect(text(".zoo-parts-legend")).toBe("iteration 4:schedule 10 mscompute 40 ms");
    const said = find(".zoo-parts-bar").getAttribute("aria-label");
    expect(said).toContain("iteration 4's time went: schedule 10 ms, 20 %");
    await press("Escape");
    expect(text(".zoo-parts-legend")).toBe("per step:schedule 10 mscompute 30 ms");
  });

  it("names no slowest worker where there is but one", async () => {
    await receive({ summary: { workers: 1 } });
    await press("End");
    expect(text(".zoo-tooltip")).not.toContain("slowest");
    expect(text(".zoo-tooltip")).toContain("compute 30 ms");
  });

  it("does without timing that nobody measured", async () => {
    const { content, buffers } = packet();
    content.timingColumns = ["slowest"];
    model.receive({ content, buffers });
    await press("End");
    expect(text(".zoo-tooltip")).toBe("iteration 3loss 2.667");
    expect(text(".zoo-parts-legend")).toContain("per step:");
  });

  it("goes away with Escape", async () => {
    await receive();
    await press("ArrowLeft");
    expect(visible(".zoo-tooltip")).toBe(true);
    await press("Escape");
    expect(visible(".zoo-tooltip")).toBe(false);
  });

  it("keeps its keys from the notebook and leaves the others to it", async () => {
    await receive();
    const seen = [];
    document.body.addEventListener("keydown", (event) => seen.push(event.key));
    await press("ArrowLeft");
    await press("b");
    expect(seen).toEqual(["b"]);
  });
});

describe("the controls", () => {
  it("switch to a logarithmic axis", async () => {
    await receive({ to: 3, losses: [100, 1, 0.01] });
    const { drawn } = canvas().getContext("2d");
    expect(drawn.texts).not.toContain("10");
    slide("0");
    find("input[type=checkbox]").click();
    await frame();
    await frame();
    expect(drawn.texts).toEqual(expect.arrayContaining(["0.01", "0.1", "1", "10", "100"]));
  });

  it("smooth the loss, but the tooltip keeps the real value", async () => {
    await receive({ to: 5 });
    slide("0.9");
    await press("End");
    expect(text(".zoo-tooltip")).toContain("loss 1.6");
  });
});

describe("Pause", () => {
  it("asks by both ways, waits for it to come about, and then offers to go on", async () => {
    const fetch = serve();
    await receive();
    find(".zoo-pause").click();
    expect(JSON.parse(fetch.mock.calls[0][1].body)).toEqual({ action: "pause", run: "run-1" });
    await frame();
    await frame();
    expect(text(".zoo-pause")).toBe("Pausing…");
    expect(find(".zoo-pause").disabled).toBe(true);
    await receive({ summary: { state: "paused", status: "Paused at epoch 1/2 · step 3/5" } });
    expect(text(".zoo-state")).toBe("paused");
    expect(text(".zoo-pause")).toBe("Resume");
    expect(visible(".zoo-stop")).toBe(true);
    find(".zoo-pause").click();
    expect(model.sent.at(-1)).toEqual({ type: "request", request: { action: "resume", run: "run-1" } });
    await receive();
    expect(text(".zoo-pause")).toBe("Pause");
  });

  it("can be pressed again where no server took it", async () => {
    await receive();
    find(".zoo-pause").click();
    await vi.waitFor(() => expect(text(".zoo-pause")).toBe("Pause"));
    expect(find(".zoo-pause").disabled).toBe(false);
  });

  it("is not there before the first iteration", async () => {
    await receive({ to: 0, summary: { state: "starting", iteration: 0 } });
    expect(find(".zoo-pause").hidden).toBe(true);
  });
});

describe("events", () => {
  const marks = [[2, "knob", "learning rate 0.1 → 0.01"], [3, "checkpoint", "checkpoint saved"]];

  it("are listed, newest first, and told under the crosshair", async () => {
    await receive({ marks });
    expect(text(".zoo-events summary")).toBe("2 events");
    expect(text(".zoo-events li")).toBe("3 checkpoint saved");
    await press("End");
    expect(text(".zoo-tooltip")).toContain("▼ 3: checkpoint saved");
    expect(canvas().getAttribute("aria-valuetext")).toContain("checkpoint saved");
  });

  it("are not there where nothing happened", async () => {
    await receive();
    expect(find(".zoo-events").hidden).toBe(true);
  });
});

describe("zoom", () => {
  it("looks closer with +, and at the whole again with its button", async () => {
    await receive({ to: 40 });
    expect(find(".zoo-whole").hidden).toBe(true);
    await press("+");
    expect(find(".zoo-whole").hidden).toBe(false);
    find(".zoo-whole").click();
    await frame();
    await frame();
    expect(find(".zoo-whole").hidden).toBe(true);
  });
});

describe("Stop", () => {
  it("asks server and kernel, and says so", async () => {
    const fetch = serve();
    await receive();
    find(".zoo-stop").click();
    expect(text(".zoo-stop")).toBe("Stop");
    await frame();
    await frame();
    expect(text(".zoo-stop")).toBe("Stopping…");
    expect(find(".zoo-stop").disabled).toBe(true);
    expect(text(".zoo-state")).toBe("stopping…");
    expect(model.sent).toContainEqual({ type: "stop" });
    expect(fetch.mock.calls[0][0]).toContain("/zoo-lab/api/kernels/kernel-1/requests");
  });

  it("is gone once the run is over", async () => {
    await receive({ summary: { state: "stopped", status: "Stopped by you after 3 iterations." } });
    expect(visible(".zoo-stop")).toBe(false);
    expect(text(".zoo-status")).toContain("Stopped by you");
  });
});

describe("for screen readers", () => {
  it("only epochs and changes of state are spoken", async () => {
    await receive({ to: 2 });
    const before = text(".zoo-spoken");
    await receive({ from: 3, to: 4 });
    expect(text(".zoo-spoken")).toBe(before);
    await receive({ from: 5, to: 5, epochs: [{ iteration: 5, loss: 1.5 }] });
    expect(text(".zoo-spoken")).toBe("digits: 1 of 2 epochs done. val loss 1.5");
  });

  it("everything that can be used has a name", async () => {
    await receive();
    for (const control of element.querySelectorAll("button, input, canvas")) {
      const name = control.getAttribute("aria-label") || control.textContent || control.closest("label")?.textContent;
      expect(name.trim()).not.toBe("");
    }
  });
});

describe("when a view goes", () => {
  it("takes everything with it", async () => {
    await receive();
    const clear = vi.spyOn(globalThis, "clearInterval");
    dispose();
    expect(find(".zoo-monitor")).toBe(null);
    expect(clear).toHaveBeenCalledTimes(1);
    await receive({ from: 4, to: 4 });
    expect(element.children.length).toBe(0);
  });

  it("another view of the same run knows all that came", async () => {
    const other = document.body.appendChild(document.createElement("div"));
    const widget = trainingMonitor();
    widget.initialize({ model });
    model.receive(packet());
    const end = widget.render({ model, el: other });
    expect(other.querySelector(".zoo-status").textContent).toBe("epoch 1/2 · step 3/5");
    end();
  });

  it("a model that goes stops listening", () => {
    leave();
    expect(model.listens()).toBe(false);
  });
});
