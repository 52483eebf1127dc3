/** What ended a failed run: what, where in the user's cell, on which worker, of which sample, what to do; all of it folded. */

import { h, setText } from "./dom.js";

export class FailurePanel {
  constructor() {
    this.rows = h("dl");
    this.whole = h("pre", { tabindex: "0", "aria-label": "Whole traceback" });
    this.details = h("details", {}, h("summary", {}, "whole traceback"), this.whole);
    this.element = h("div", { class: "zoo-failure", hidden: "", role: "group", "aria-label": "What ended the run" }, this.rows, this.details);
    this.shown = null;
  }

  /** Show an error as widgets/packets.py tells it, {rows: [[name, words]], traceback}; null for none. */
  update(error) {
    this.element.hidden = !error;
    if (!error || this.shown === error) return;
    this.shown = error;
    this.rows.replaceChildren(...error.rows.flatMap(([name, words]) => [h("dt", {}, name), h("dd", {}, words)]));
    this.details.hidden = !error.traceback;
    setText(this.whole, error.traceback ?? "");
  }
}
