/** The head of the viewer: how many images, least score, classes, the button of the chain. */

import { h, setText } from "../../static/dom.js";
import { button, counted, slider } from "./buttons.js";

export class Controls {
  constructor(gallery, toggleChain) {
    this.gallery = gallery;
    this.title = h("span", { class: "zoo-title" });
    this.busy = h("span", { class: "zoo-busy", role: "status" });
    this.chain = button("Chain", toggleChain);
    this.slider = slider("Least score", { high: 1, step: 0.01 }, (score) => gallery.set("threshold", score));
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
    const noun = gallery.count === 1 && gallery.complete ? "image" : "images";
    setText(this.title, gallery.count === null ? "" : `${gallery.total} ${noun}`);
    setText(this.busy, gallery.busy ? "fetching…" : "");
    this.chain.hidden = gallery.play.steps.length === 0;
    this.marks.hidden = boxes.length === 0;
    const scored = boxes.some((box) => box.score !== null);
    this.threshold.hidden = !scored;
    this.legend.hidden = !scored || boxes.every((box) => box.kind === "prediction");
    if (document.activeElement !== this.slider) this.slider.value = String(gallery.threshold);
    setText(this.score, gallery.threshold.toFixed(2));
    const drawn = boxes.filter((box) => gallery.draws(box)).length;
    setText(this.shown, `${drawn === boxes.length ? "" : `${drawn} of `}${counted(boxes.length, "box")}`);
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
    const { chosen } = gallery;
    for (const chip of this.chips.children) chip.setAttribute("aria-pressed", chosen.includes(chip.dataset.name));
  }

  chipOf(name, count) {
    const swatch = h("i", { class: `zoo-colour-${this.gallery.colour(name)}` });
    const title = `Draw ${name} only, and others that are pressed`;
    const press = () => this.gallery.toggle(name);
    const attributes = { type: "button", class: "zoo-chip", "data-name": name, title, onclick: press };
    return h("button", attributes, swatch, `${name} `, h("b", {}, String(count)));
  }
}
