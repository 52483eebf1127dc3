/** Settings that can be changed while the run goes on: a field for each, sent to the kernel with Enter or its button. */

import { h, setText } from "./dom.js";
import { requestOf } from "./stop.js";
import { label, value } from "./wording.js";

export class Knobs {
  constructor(model) {
    this.model = model;
    this.fields = new Map();
    this.said = h("span", { class: "zoo-knobs-said", role: "status" });
    this.element = h("div", { class: "zoo-knobs", hidden: "" });
  }

  /** Show the `knobs`, name → present value, where they can be turned. */
  update(knobs, usable) {
    const names = Object.keys(knobs ?? {});
    this.element.hidden = !usable || names.length === 0;
    if (this.element.hidden) return;
    if (names.some((name) => !this.fields.has(name))) {
      this.element.replaceChildren(...names.map((name) => this.field(name)), this.said);
    }
    for (const name of names) {
      const { input, shown } = this.fields.get(name);
      const now = value(knobs[name]);
      if (shown.textContent === now) continue;
      setText(shown, now);
      setText(this.said, "");
      if (document.activeElement !== input) input.value = "";
    }
  }

  field(name) {
    const shown = h("b");
    const input = h("input", { type: "text", inputmode: "decimal", size: "8", placeholder: "new", autocomplete: "off" });
    input.setAttribute("aria-label", `New ${label(name)}`);
    this.fields.set(name, { input, shown });
    const turn = (event) => {
      event.preventDefault();
      this.turn(name, input);
    };
    input.addEventListener("keydown", (event) => event.stopPropagation()); // letters are the notebook's commands
    const button = h("button", { type: "submit", class: "zoo-whole" }, "Set");
    return h("form", { class: "zoo-knob", onsubmit: turn }, h("span", {}, `${label(name)} `, shown), input, button);
  }

  async turn(name, input) {
    const wanted = Number(input.value.trim().replace(",", "."));
    const fits = input.value.trim() !== "" && Number.isFinite(wanted) && wanted > 0;
    input.setAttribute("aria-invalid", String(!fits));
    if (!fits) return setText(this.said, "Expected a number above 0.");
    setText(this.said, "…from the next iteration on");
    const taken = await requestOf(this.model, "knob", { knob: name, value: String(wanted) });
    if (!taken) setText(this.said, "The kernel hears it when the cell pauses.");
    input.value = "";
  }
}
