/** One view of a viewer: head, chain, and either the grid or one image. */

import { h, setText } from "../../static/dom.js";
import { Controls } from "./controls.js";
import { Detail } from "./detail.js";
import { Grid } from "./grid.js";
import { Playground } from "./playground.js";

export class ViewerView {
  constructor(model, gallery) {
    this.gallery = gallery;
    this.frame = 0;
    this.wasOpen = false;
    this.controls = new Controls(gallery, () => this.toggleChain());
    this.playground = new Playground(gallery);
    this.grid = new Grid(gallery);
    this.detail = new Detail(gallery, (index) => this.leave(index));
    this.problem = h("p", { class: "zoo-bad zoo-problem", role: "alert", hidden: "" });
    this.playing = Boolean(model.get("playing"));
    const main = h("div", { class: "zoo-main" }, this.grid.element, this.detail.element);
    const body = h("div", { class: "zoo-body" }, this.playground.element, main);
    // JupyterLab's own keys (Enter, arrows, +, -) would act on the notebook meanwhile
    const keys = { "data-lm-suppress-shortcuts": "true" };
    const attributes = { class: "zoo-viewer", role: "group", "aria-label": "Images", "data-view": model.get("view") };
    this.element = h("section", { ...attributes, ...keys }, this.controls.element, this.problem, body);
  }

  toggleChain() {
    this.playing = !this.playing;
    this.update();
  }

  leave(index) {
    this.update();
    this.grid.focus(index);
  }

  /** Draw in the next animation frame, once, however often it is asked for. */
  schedule() {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.update();
    });
  }

  update() {
    const { gallery } = this;
    const hasChain = gallery.play.steps.length > 0;
    this.controls.update();
    this.controls.chain.setAttribute("aria-expanded", String(this.playing && hasChain));
    this.playground.element.hidden = !(this.playing && hasChain);
    if (hasChain) this.playground.update();
    this.grid.element.hidden = gallery.open !== null;
    this.grid.update();
    this.detail.update();
    setText(this.problem, gallery.problem);
    this.problem.hidden = !gallery.problem;
    if (gallery.open !== null && !this.wasOpen) this.detail.focus();
    this.wasOpen = gallery.open !== null;
  }

  /** Start listening; returns what ends it. */
  connect() {
    const end = this.gallery.subscribe(() => this.schedule());
    this.update();
    return () => {
      end();
      cancelAnimationFrame(this.frame);
      this.detail.endSlices();
      this.element.remove();
    };
  }
}
