/** The whole picture of a run in one element: head, progress, charts, controls, where the time goes. */

import { BranchForm } from "./branch.js";
import { h, setText } from "./dom.js";
import { Drawer } from "./drawer.js";
import { FailurePanel } from "./failure.js";
import { Knobs } from "./knobs.js";
import { ChartPanel } from "./panel.js";
import { PartsBar } from "./parts.js";
import { requestOf, requestStop } from "./stop.js";
import { nearest } from "./store.js";
import { TimeStrip } from "./strip.js";
import { WatchPanel } from "./watch.js";
import { count, duration, label, rate, remaining, value } from "./wording.js";

const STATES = {
  starting: "starting",
  running: "training",
  paused: "paused",
  finished: "finished",
  stopped: "stopped",
  early: "stopped early",
  failed: "failed",
};

const SHOWN_EVENTS = 50;

export class MonitorView {
  constructor(model, store) {
    this.model = model;
    this.store = store;
    this.frame = 0;
    this.hover = { iteration: null, move: (iteration) => this.moveCrosshair(iteration), pick: (iteration) => this.branch.pick(iteration) };
    this.loss = new ChartPanel(store, "Loss", () => [["loss", "--zoo-series-0"]], this.hover, true);
    this.metrics = new ChartPanel(store, "Metrics", () => this.metricSeries(), this.hover);
    this.parts = new PartsBar();
    this.strip = new TimeStrip(store);
    this.knobs = new Knobs(model);
    this.branch = new BranchForm(model, store);
    this.drawer = new Drawer(model, store);
    this.watch = new WatchPanel(store);
    this.failure = new FailurePanel();
    this.element = this.build();
  }

  metricSeries() {
    return this.store.metrics.map((name, index) => [name, `--zoo-series-${1 + (index % 5)}`]);
  }

  build() {
    this.name = h("span", { class: "zoo-name" });
    this.state = h("span", { class: "zoo-state" });
    this.detail = h("span", { class: "zoo-detail" });
    this.pause = h("button", { type: "button", class: "zoo-pause", onclick: () => this.pressPause() }, "Pause");
    this.stop = h("button", { type: "button", class: "zoo-stop", onclick: () => this.pressStop() }, "Stop");
    this.buttons = h("span", { class: "zoo-buttons" }, this.pause, this.stop);
    this.status = h("span", { class: "zoo-status" });
    this.facts = ["rate", "elapsed", "left"].map((name) => this.fact(name));
    this.bar = h("div", { class: "zoo-bar", role: "progressbar", "aria-label": "Progress of the run" }, h("div"));
    this.notice = h("div", { class: "zoo-notice", hidden: "" });
    this.waiting = h("div", { class: "zoo-waiting" });
    this.charts = h("div", { class: "zoo-charts" }, this.loss.element, this.metrics.element);
    this.spoken = h("div", { class: "zoo-spoken", role: "status", "aria-live": "polite" });
    const head = h("div", { class: "zoo-head" }, this.name, this.state, this.detail, this.buttons);
    const line = h("div", { class: "zoo-line" }, this.status, ...this.facts.map((fact) => fact.element));
    const foot = h("div", { class: "zoo-foot" }, this.parts.element, this.buildControls());
    const shown = [this.failure.element, this.notice, this.drawer.element, this.waiting, this.charts, this.strip.element, foot, this.watch.element, this.knobs.element, this.branch.element, this.buildEvents()];
    const parts = [head, this.bar, line, ...shown, this.spoken];
    // the page's style looks for the live monitor of a run: a record is not that
    const attributes = { class: "zoo-monitor", role: "group", "data-run": this.store.still ? null : this.model.get("run_id") };
    return h("section", { ...attributes, "aria-label": "Training monitor" }, ...parts);
  }

  fact(name) {
    const number = h("b");
    const words = { rate: " samples/s", elapsed: " elapsed", left: " left" };
    return { name, number, element: h("span", { class: "zoo-fact" }, number, words[name]) };
  }

  buildControls() {
    const { settings } = this.store;
    this.log = h("input", { type: "checkbox", onchange: () => this.set("log", this.log.checked) });
    const range = { type: "range", min: "0", max: "0.99", step: "0.01", "aria-label": "Smoothing of the loss" };
    this.smoothing = h("input", { ...range, oninput: () => this.set("smoothing", Number(this.smoothing.value)) });
    this.log.checked = settings.log;
    this.smoothing.value = String(settings.smoothing);
    this.logX = h("input", { type: "checkbox", onchange: () => this.set("logX", this.logX.checked) });
    this.logX.checked = settings.logX;
    const log = h("label", {}, this.log, "log loss");
    const logX = h("label", {}, this.logX, "log iterations");
    this.whole = h("button", { type: "button", class: "zoo-whole", onclick: () => this.set("zoom", null) }, "Whole run");
    this.whole.title = "Drag over a chart to look closer, Shift and drag to move; + - 0 with the keyboard";
    return h("div", { class: "zoo-controls" }, this.whole, h("label", {}, "smoothing", this.smoothing), log, logX);
  }

  buildEvents() {
    this.eventCount = h("summary");
    this.eventList = h("ol");
    this.events = h("details", { class: "zoo-events", hidden: "" }, this.eventCount, this.eventList);
    return this.events;
  }

  /** What happened besides, newest first, for whoever cannot point at a triangle. */
  updateEvents() {
    const { marks } = this.store;
    this.events.hidden = marks.length === 0;
    if (Number(this.events.dataset.count) === marks.length) return;
    this.events.dataset.count = marks.length;
    setText(this.eventCount, `${count(marks.length)} ${marks.length === 1 ? "event" : "events"}`);
    const shown = marks.slice(-SHOWN_EVENTS).reverse();
    this.eventList.replaceChildren(
      ...shown.map(([iteration, , words]) => h("li", {}, h("b", {}, count(iteration)), ` ${words}`)),
    );
  }

  set(name, chosen) {
    this.store.settings[name] = chosen;
    this.store.changed();
  }

  async pressStop() {
    this.store.stopping = "Stopping…";
    this.store.changed();
    this.store.stopping = await requestStop(this.model);
    this.store.changed();
  }

  async pressPause() {
    const { store } = this;
    store.asked = store.summary.state === "paused" ? "resume" : "pause";
    store.changed();
    if (!(await requestOf(this.model, store.asked))) store.asked = ""; // the kernel may hear it later: it can be pressed again
    store.changed();
  }

  moveCrosshair(iteration) {
    this.hover.iteration = iteration;
    this.schedule();
  }

  /** Draw in the next animation frame, once, however often it is asked for. */
  schedule() {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.update();
    });
  }

  update() {
    const { store } = this;
    const { summary } = store;
    const begun = store.rows.length > 0;
    this.element.dataset.state = summary.state;
    setText(this.name, summary.name ?? "Training");
    setText(this.state, store.stopping && !store.over ? "stopping…" : (STATES[summary.state] ?? summary.state));
    setText(this.detail, this.details(summary));
    this.updateStop();
    setText(this.status, begun || store.over ? summary.status : "");
    this.updateFacts();
    this.updateBar();
    this.updateNotice();
    this.waiting.hidden = begun || store.over;
    setText(this.waiting, summary.status);
    this.charts.hidden = !begun;
    this.metrics.element.hidden = store.metrics.length === 0;
    this.element.querySelector(".zoo-controls").hidden = !begun;
    if (begun) for (const panel of [this.loss, this.metrics]) if (!panel.element.hidden) panel.update();
    this.whole.hidden = !store.settings.zoom;
    if (begun) this.strip.update(this.loss.places);
    this.updateEvents();
    this.knobs.update(summary.knobs, begun && !this.buttons.hidden, summary.refused);
    this.branch.update(begun && this.reachable);
    this.drawer.update(!this.buttons.hidden);
    this.watch.update();
    this.failure.update(summary.error ?? null);
    this.updateParts();
    setText(this.spoken, this.speech(summary));
  }

  details({ model, workers, sync }) {
    const told = [model, workers ? `${workers} ${workers === 1 ? "worker" : "workers"}` : "", sync];
    return told.filter(Boolean).join(" · ");
  }

  /** Whether a kernel hears what is asked of it. */
  get reachable() {
    return !this.store.still || Boolean(this.model.get("kernel_id"));
  }

  updateStop() {
    const { state } = this.store.summary;
    this.buttons.hidden = this.store.over || !this.reachable;
    this.pause.hidden = state === "starting";
    this.pause.disabled = Boolean(this.store.stopping || this.store.asked);
    const waits = { pause: "Pausing…", resume: "Going on…" }[this.store.asked];
    setText(this.pause, waits ?? (state === "paused" ? "Resume" : "Pause"));
    this.stop.disabled = Boolean(this.store.stopping);
    setText(this.stop, this.store.stopping ? "Stopping…" : "Stop");
  }

  updateFacts() {
    const { store } = this;
    const waited = (performance.now() - store.received) / 1000;
    const left = store.summary.eta == null || store.summary.state === "paused" ? null : Math.max(store.summary.eta - waited, 0);
    const facts = { rate: rate(store.summary.rate), elapsed: duration(store.elapsed), left: remaining(left) };
    const unknown = { rate: store.summary.rate == null, elapsed: !(store.elapsed >= 1), left: left === null || store.over };
    for (const { name, number, element } of this.facts) {
      setText(number, facts[name]);
      element.hidden = unknown[name];
    }
  }

  updateBar() {
    const { iteration = 0, iterations = 0, stepsPerEpoch = 0, status } = this.store.summary;
    const share = iterations > 0 ? Math.min(iteration / iterations, 1) : 0;
    this.bar.firstChild.style.width = `${(share * 100).toFixed(2)}%`;
    const epoch = iterations > 0 ? stepsPerEpoch / iterations : 1;
    this.bar.style.setProperty("--zoo-epoch-width", epoch > 1 / 60 && epoch < 1 ? `${100 * epoch}%` : "100%");
    this.bar.classList.toggle("zoo-bar-waiting", this.store.summary.state === "starting");
    const now = { min: 0, max: iterations, now: iteration, text: status };
    for (const [name, content] of Object.entries(now)) this.bar.setAttribute(`aria-value${name}`, content);
  }

  /** The split of the iteration under the crosshair; of the last ones where there is none. */
  updateParts() {
    const { store, hover } = this;
    const iterations = store.rows.get("iteration");
    const index = hover.iteration === null ? -1 : nearest(iterations, hover.iteration);
    const timing = index < 0 ? null : store.timingAt(index);
    if (timing) this.parts.update(timing.parts, iterations[index]);
    else this.parts.update(store.summary.parts);
  }

  updateNotice() {
    const { store } = this;
    const failed = store.summary.state === "failed";
    const notice = store.rows.length ? store.summary.notice : "";
    const text = store.stopping && !store.over ? store.stopping : notice;
    this.notice.hidden = !text || failed;
    setText(this.notice, text ?? "");
  }

  /** What a screen reader says by itself: changes of state and ends of epochs, not each packet. */
  speech({ name, state, status, epochs, epochsDone }) {
    if (this.store.over) return `${name}: ${status}`;
    if (!this.store.epochs.length) return `${name ?? ""} ${STATES[state] ?? state}`.trim();
    const seen = this.store.epochs.names.map((each) => `${label(each)} ${value(this.store.epochs.get(each).at(-1))}`);
    return `${name}: ${count(epochsDone)} of ${count(epochs)} epochs done. ${seen.join(", ")}`;
  }

  /** Start listening; returns what ends it. */
  connect() {
    const redraw = () => this.schedule();
    const ends = [this.store.subscribe(redraw)];
    const resizing = new ResizeObserver(redraw);
    resizing.observe(this.element);
    const theme = new MutationObserver(redraw); // JupyterLab marks the body when the theme changes
    theme.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-name", "class"] });
    const clock = setInterval(() => this.store.over || this.store.still || this.updateFacts(), 1000);
    ends.push(() => resizing.disconnect(), () => theme.disconnect(), () => clearInterval(clock));
    ends.push(() => cancelAnimationFrame(this.frame), () => this.element.remove());
    this.update();
    return () => ends.forEach((end) => end());
  }
}
