/** Settings that can be changed while the run goes on: a field for each, sent to the kernel with Enter or its button. */

import { h, setText } from "./dom.js";
import { requestOf } from "./stop.js";
import { label, value } from "./wording.js";

const ABOVE_ZERO = new Set(["learning_rate"]);
const CAN_BE_OFF = new Set(["clipnorm", "global_clipnorm", "clipvalue"]);

/** The value of a knob as people read it. */
export function knobValue(name, number) {
  return CAN_BE_OFF.has(name) && number === 0 ? "off" : value(number);
}

export class Knobs {
  constructor(model) {
    this.model = model;
    this.fields = new Map();
    this.told = "";
    this.said = h("span", { class: "zoo-knobs-said", role: "status" });
    this.element = h("div", { class: "zoo-knobs", hidden: "" });
  }

  /** Show the `knobs`, name → present value, where they can be turned, and what one has `refused`. */
  update(knobs, usable, refused = {}) {
    const names = Object.keys(knobs ?? {});
    this.element.hidden = !usable || names.length === 0;
    if (this.element.hidden) return;
    if (names.some((name) => !this.fields.has(name))) {
      this.element.replaceChildren(...names.map((name) => this.field(name)), this.said);
    }
    for (const name of names) {
      const { input, shown } = this.fields.get(name);
      const now = knobValue(name, knobs[name]);
      if (shown.textContent === now) continue;
      setText(shown, now);
      setText(this.said, "");
      if (document.activeElement !== input) input.value = "";
    }
    const told = refused?.reason ?? "";
    if (told !== this.told) this.refuse(refused?.knob, told);
    this.told = told;
  }

  /** Show why the kernel did not take a value. */
  refuse(name, reason) {
    this.fields.get(name)?.input.setAttribute("aria-invalid", String(Boolean(reason)));
    setText(this.said, reason);
  }

  field(name) {
    const shown = h("b");
    const input = h("input", { type: "text", inputmode: "decimal", size: "8", placeholder: "new", autocomplete: "off" });
    input.setAttribute("aria-label", `New ${label(name)}`);
    if (CAN_BE_OFF.has(name)) input.title = "0 turns it off; one way of clipping can be on";
    this.fields.set(name, { input, shown });
    const turn = (event) => {
      event.preventDefault();
      this.turn(name, input);
    };
    input.addEventListener("keydown", (event) => event.stopPropagation()); // letters are the notebook's commands
    const button = h("button", { type: "submit", class: "zoo-whole", "aria-label": `Set ${label(name)}` }, "Set");
    const attributes = { class: "zoo-knob", "data-knob": name, onsubmit: turn };
    return h("form", attributes, h("span", {}, `${label(name)} `, shown), input, button);
  }

  async turn(name, input) {
    const wanted = Number(input.value.trim().replace(",", "."));
    const least = ABOVE_ZERO.has(name) ? wanted > 0 : wanted >= 0;
    const fits = input.value.trim() !== "" && Number.isFinite(wanted) && least;
    input.setAttribute("aria-invalid", String(!fits));
    if (!fits) return setText(this.said, `Expected a number ${ABOVE_ZERO.has(name) ? "above 0" : "from 0 on"}.`);
    setText(this.said, "…from the next iteration on");
    const taken = await requestOf(this.model, "knob", { knob: name, value: String(wanted) });
    if (!taken) setText(this.said, "The kernel hears it when the cell pauses.");
    input.value = "";
  }
}
