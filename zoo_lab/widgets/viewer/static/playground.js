/** The chain to play with: a switch and the parameters of each step, seed and epoch; each change is drawn at once. */

import { h, setText } from "../../static/dom.js";
import { button, slider } from "./buttons.js";

export class Playground {
  constructor(gallery) {
    this.gallery = gallery;
    this.rows = null;
    this.steps = h("ol", { class: "zoo-steps" });
    this.seed = this.number("seed");
    this.epoch = this.number("epoch");
    this.another = button("Another epoch", () => gallery.change({ epoch: gallery.play.epoch + 1 }));
    this.reset = button("Reset", () => gallery.change({ reset: true }));
    this.code = h("code", {});
    this.copy = button("Copy", () => this.copyCode(), "Copy the chain as Python");
    const numbers = [h("label", {}, "seed", this.seed), h("label", {}, "epoch", this.epoch)];
    const bar = h("div", { class: "zoo-chance" }, ...numbers, this.another, this.reset);
    const code = h("div", { class: "zoo-code" }, h("pre", { tabindex: "0" }, this.code), this.copy);
    const attributes = { class: "zoo-playground", role: "group", "aria-label": "Chain", onkeydown: take };
    this.element = h("div", attributes, bar, this.steps, code);
  }

  number(name) {
    const change = (event) => this.gallery.change({ [name]: Math.max(Number(event.target.value) || 0, 0) });
    return h("input", { type: "number", min: "0", step: "1", class: "zoo-number", onchange: change });
  }

  async copyCode() {
    await navigator.clipboard?.writeText(this.gallery.play.code);
    setText(this.copy, "Copied");
  }

  update() {
    const { play } = this.gallery;
    if (this.rows?.length !== play.steps.length) this.build(play.steps);
    write(this.seed, play.seed);
    write(this.epoch, play.epoch);
    if (this.code.textContent !== play.code) setText(this.copy, "Copy");
    setText(this.code, play.code);
    play.steps.forEach((step, at) => this.rows[at](step));
  }

  build(steps) {
    this.steps.replaceChildren();
    this.rows = steps.map((step, at) => {
      const row = this.stepOf(step, at);
      this.steps.append(row.element);
      return row.update;
    });
  }

  stepOf(step, at) {
    const toggle = h("input", { type: "checkbox", role: "switch", "aria-label": `Use ${step.name}` });
    toggle.addEventListener("change", () => this.gallery.change({ on: { [at]: toggle.checked } }));
    const problem = h("p", { class: "zoo-bad", role: "alert" });
    const controls = step.params.map((parameter) => this.controlOf(parameter));
    const changed = h("span", { class: "zoo-quiet" });
    const name = h("span", { class: "zoo-step-name" }, step.name);
    const inside = h("div", { class: "zoo-params" }, ...controls.map((control) => control.element));
    const body = step.params.length
      ? h("details", {}, h("summary", {}, name, changed), inside)
      : h("span", { class: "zoo-plain" }, name, changed);
    const element = h("li", { class: "zoo-step" }, toggle, h("div", {}, body, problem));
    const update = (now) => {
      toggle.checked = now.on;
      element.classList.toggle("zoo-off", !now.on);
      setText(problem, now.problem);
      problem.hidden = !now.problem;
      setText(changed, now.changed ? " changed" : "");
      now.params.forEach((parameter, index) => controls[index].update(parameter));
    };
    return { element, update };
  }

  controlOf({ path, kind, label, depth, value, low, high, step }) {
    const indent = `--zoo-depth:${depth}`;
    if (kind === "step") return { element: h("div", { class: "zoo-inner", style: indent }, label), update() {} };
    const words = label.replaceAll("_", " ");
    const set = (chosen) => this.gallery.change({ values: { [path]: chosen } });
    const attributes = { class: "zoo-param", style: indent };
    const row = (input, update) => ({ element: h("label", attributes, words, input), update });
    if (kind === "switch") {
      const box = h("input", { type: "checkbox", onchange: () => set(box.checked) });
      return row(box, (now) => (box.checked = now.value));
    }
    if (kind !== "number") {
      const text = h("input", { type: "text", class: "zoo-text", onchange: () => set(text.value) });
      return row(text, (now) => write(text, now.value));
    }
    const exact = h("input", { type: "number", class: "zoo-number", step: "any", "aria-label": `${words}, exactly` });
    const rough = slider(words, { low, high, step, value }, (chosen) => {
      exact.value = String(chosen);
      set(chosen);
    });
    exact.addEventListener("change", () => exact.value !== "" && set(Number(exact.value)));
    const update = (now) => {
      write(rough, now.value);
      write(exact, now.value);
    };
    return { element: h("div", attributes, h("span", {}, words), rough, exact), update };
  }
}

/** Take with Enter what was typed, as leaving the input does; within a notebook Enter alone does not. */
function take(event) {
  if (event.key !== "Enter" || !event.target.matches("input[type=number], input[type=text]")) return;
  event.target.blur();
  event.target.focus();
}

/** Set an input's value, but not under the hand that is changing it. */
function write(input, value) {
  if (input !== document.activeElement) input.value = String(value);
}
