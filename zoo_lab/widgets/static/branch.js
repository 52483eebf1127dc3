/** Goes on from an iteration that was picked on the chart: with another learning rate, say, as a second run. */

import { h, setText } from "./dom.js";
import { requestOf } from "./stop.js";
import { count } from "./wording.js";

/** The newest of the ascending `kept` iterations at or before `wanted`; the first of them where all lie behind. */
export function keptAt(kept, wanted) {
  return kept.filter((iteration) => iteration <= wanted).at(-1) ?? kept[0];
}

export class BranchForm {
  constructor(model, store) {
    this.model = model;
    this.store = store;
    this.from = h("select", { class: "zoo-branch-from", "aria-label": "Branch from iteration" });
    const field = { type: "text", inputmode: "decimal", size: "8", placeholder: "same", autocomplete: "off" };
    this.rate = h("input", { ...field, "aria-label": "Learning rate of the branch" });
    this.rate.addEventListener("keydown", (event) => event.stopPropagation()); // letters are the notebook's commands
    this.asked = null; // what there was when a branch was asked for, until it is there or refused
    this.button = h("button", { type: "submit", class: "zoo-whole zoo-branch" }, "Branch");
    this.said = h("span", { class: "zoo-knobs-said", role: "status" });
    const submit = (event) => {
      event.preventDefault();
      this.press();
    };
    const words = [h("label", {}, "branch from ", this.from), h("label", {}, "learning rate ", this.rate)];
    this.element = h("form", { class: "zoo-knobs zoo-branching", hidden: "", onsubmit: submit }, ...words, this.button, this.said);
    this.element.title = "Click into a chart, or press Enter there, to pick the iteration";
  }

  get kept() {
    return this.store.summary.kept ?? [];
  }

  /** Offer what is kept, where a branch can be started. */
  update(usable) {
    this.element.hidden = !usable || this.kept.length === 0;
    if (this.element.hidden) return;
    this.updateSaid();
    const key = this.kept.join();
    if (this.element.dataset.kept === key) return;
    this.element.dataset.kept = key;
    const picked = Number(this.from.value) || null;
    this.from.replaceChildren(...this.kept.map((iteration) => h("option", { value: iteration }, count(iteration))));
    this.from.value = String(picked === null || !this.picked ? this.kept.at(-1) : keptAt(this.kept, picked));
    this.rate.hidden = this.rate.parentElement.hidden = !("learning_rate" in (this.store.summary.knobs ?? {}));
  }

  /** Say what became of the branch that was asked for. */
  updateSaid() {
    const { beside, summary } = this.store;
    if (!this.asked || (beside.size === this.asked.branches && summary.notice === this.asked.notice)) return;
    setText(this.said, beside.size > this.asked.branches ? `${[...beside.values()].at(-1).name} goes on beside it.` : summary.notice);
    this.asked = null;
  }

  /** Take the iteration that was picked on a chart. */
  pick(iteration) {
    if (this.element.hidden || !this.kept.length) return;
    this.picked = true;
    this.from.value = String(keptAt(this.kept, iteration));
    setText(this.said, `from iteration ${count(Number(this.from.value))}`);
  }

  async press() {
    const typed = this.rate.value.trim().replace(",", ".");
    const fits = typed === "" || (Number.isFinite(Number(typed)) && Number(typed) > 0);
    this.rate.setAttribute("aria-invalid", String(!fits));
    if (!fits) return setText(this.said, "Expected a learning rate above 0.");
    const changes = JSON.stringify(typed === "" ? {} : { learning_rate: Number(typed) });
    const token = `${Date.now()}-${Math.random().toString(36).slice(2)}`; // it may come twice, by server and kernel
    setText(this.said, "The branch begins…");
    this.asked = { branches: this.store.beside.size, notice: this.store.summary.notice };
    const taken = await requestOf(this.model, "branch", { iteration: this.from.value, changes, token });
    if (!taken) setText(this.said, "The kernel hears it when the cell pauses.");
  }
}
