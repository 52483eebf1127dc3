/** The head of the viewer: how many images, least score, classes, the button of the chain. */

import { h, setText } from "../../static/dom.js";

export class Controls {
  constructor(gallery, toggleChain) {
    this.gallery = gallery;
    this.title = h("span", { class: "zoo-title" });
    this.busy = h("span", { class: "zoo-busy", role: "status" });
    this.chain = h("button", { type: "button", class: "zoo-button", "aria-expanded": "false", onclick: toggleChain }, "Chain");
    const range = { type: "range", min: "0", max: "1", step: "0.01", "aria-label": "Least score" };
    this.slider = h("input", { ...range, oninput: () => gallery.set("threshold", Number(this.slider.value)) });
    this.score = h("output", {});
    this.shown = h("span", { class: "zoo-quiet zoo-boxes-shown", "aria-live": "polite" });
    this.legend = h("span", { class: "zoo-quiet" }, "dashed: ground truth, solid: prediction");
    this.threshold = h("label", { class: "zoo-threshold" }, "score ≥", this.slider, this.score);
    this.chips = h("div", { class: "zoo-chips", role: "group", "aria-label": "Classes that are drawn" });
    const head = h("div", { class: "zoo-viewer-head" }, this.title, this.busy, this.chain);
    this.marks = h("div", { class: "zoo-marks" }, this.threshold, this.shown, this.legend, this.chips);
    this.element = h("div", {}, head, this.marks);
  }

  update() {
    const { gallery } = this;
    const boxes = gallery.boxes();
    const counted = gallery.count === null ? "" : `${gallery.count.toLocaleString("en-US")} ${gallery.count === 1 ? "image" : "images"}`;
    setText(this.title, counted);
    setText(this.busy, gallery.busy ? "fetching…" : "");
    this.chain.hidden = gallery.play.steps.length === 0;
    this.marks.hidden = boxes.length === 0;
    const scored = boxes.some((box) => box.score !== null);
    this.threshold.hidden = !scored;
    this.legend.hidden = !scored || boxes.every((box) => box.kind === "prediction");
    if (document.activeElement !== this.slider) this.slider.value = String(gallery.threshold);
    setText(this.score, gallery.threshold.toFixed(2));
    const drawn = boxes.filter((box) => gallery.draws(box)).length;
    setText(this.shown, drawn === boxes.length ? `${boxes.length} boxes` : `${drawn} of ${boxes.length} boxes`);
    this.updateChips();
  }

  updateChips() {
    const { gallery } = this;
    const boxed = gallery.boxed();
    this.chips.hidden = boxed.length < 2;
    const key = JSON.stringify(boxed);
    if (key !== this.key) {
      this.key = key;
      this.chips.replaceChildren(...boxed.map(([name, count]) => this.chipOf(name, count)));
    }
    for (const chip of this.chips.children) chip.setAttribute("aria-pressed", gallery.chosen.includes(chip.dataset.name));
  }

  chipOf(name, count) {
    const swatch = h("i", { class: `zoo-colour-${this.gallery.colour(name)}` });
    const attributes = { type: "button", class: "zoo-chip", "data-name": name, title: `Draw ${name} only, and others that are pressed` };
    return h("button", { ...attributes, onclick: () => this.gallery.toggle(name) }, swatch, `${name} `, h("b", {}, String(count)));
  }
}
