/** The bad batches of a run: which rows, how they look, and where the run waits the choices of what becomes of them. */

import { h, setText } from "./dom.js";
import { requestOf } from "./stop.js";
import { count, value } from "./wording.js";

const CHOICES = {
  skip: ["Skip", "Leave this batch out"],
  quarantine: ["Quarantine", "Leave its bad rows out of all later epochs too"],
  retry: ["Retry", "Compute it again; a loss that is finite then passes"],
  raise: ["End the run", "The model keeps the weights before this batch"],
};
const HANDLED = { skip: "left out", quarantine: "rows in quarantine", retry: "computed again" };
const MOST_ROWS = 12;

/** Numbers of rows as people read them: the first few, and how many more. */
export function rowWords(rows) {
  const shown = rows.slice(0, MOST_ROWS).join(", ");
  return rows.length > MOST_ROWS ? `${shown}, … (${count(rows.length)} rows)` : shown;
}

/** A table of the worst rows of a batch. */
export function rowTable(shown) {
  const cells = ({ row, loss, inputs, targets, picture }) => [
    h("th", { scope: "row" }, String(row)),
    h("td", {}, value(loss)),
    h("td", {}, picture ? h("img", { src: `data:image/png;base64,${picture}`, alt: `Input of row ${row}` }) : inputs),
    h("td", {}, targets),
  ];
  const head = ["row", "loss", "inputs", "targets"].map((name) => h("th", { scope: "col" }, name));
  const body = h("tbody", {}, ...shown.map((row) => h("tr", {}, ...cells(row))));
  return h("table", { class: "zoo-rows" }, h("caption", {}, "The worst rows"), h("thead", {}, h("tr", {}, ...head)), body);
}

export class Drawer {
  constructor(model, store) {
    this.model = model;
    this.store = store;
    this.head = h("summary");
    this.list = h("div");
    this.question = h("div", { class: "zoo-question", role: "alert", hidden: "" });
    this.details = h("details", {}, this.head, this.list);
    this.element = h("div", { class: "zoo-drawer", hidden: "" }, this.question, this.details);
    this.key = "";
  }

  update(usable) {
    const { rejected, summary } = this.store;
    const asking = usable ? (summary.asking ?? null) : null;
    this.element.hidden = rejected.length === 0;
    const key = JSON.stringify([rejected.length, summary.handled ?? {}, asking]);
    if (this.element.hidden || key === this.key) return;
    this.key = key;
    setText(this.head, `${count(rejected.length)} bad ${rejected.length === 1 ? "batch" : "batches"}`);
    this.list.replaceChildren(...rejected.slice(-10).reverse().map((batch) => this.batch(batch)));
    const asked = asking === null ? null : rejected.findLast(({ iteration }) => iteration === asking);
    this.question.hidden = !asked;
    this.question.replaceChildren(...(asked ? this.ask(asked) : []));
    if (asked) this.details.open = true;
  }

  batch({ iteration, loss, reason, rows, workers, who, partitions, shown }) {
    const handled = HANDLED[(this.store.summary.handled ?? {})[iteration]] ?? "";
    const words = [`loss ${value(loss)}: ${reason}`, handled].filter(Boolean).join(" · ");
    const where = [`rows ${rowWords(rows)}`, who || `worker ${workers.join(", ")}`, `partition ${partitions.join(", ")}`];
    const parts = [h("div", {}, h("b", {}, `iteration ${count(iteration)} `), words), h("div", {}, where.join(" · "))];
    return h("section", { class: "zoo-bad", "aria-label": `Bad batch of iteration ${iteration}` }, ...parts, ...(shown.length ? [rowTable(shown)] : []));
  }

  /** The question and its buttons; the first has the focus of whoever tabs to it. */
  ask({ iteration, rows }) {
    const buttons = Object.entries(CHOICES).map(([choice, [words, title]]) => {
      const told = choice === "quarantine" ? `${words} ${count(rows.length)} ${rows.length === 1 ? "row" : "rows"}` : words;
      const attributes = { type: "button", class: "zoo-whole", "data-choice": choice, title };
      return h("button", { ...attributes, onclick: () => this.choose(choice, iteration) }, told);
    });
    return [h("span", {}, `The run waits, for at most ten minutes: what becomes of the batch of iteration ${count(iteration)}?`), ...buttons];
  }

  async choose(choice, iteration) {
    for (const button of this.question.querySelectorAll("button")) button.disabled = true;
    const taken = await requestOf(this.model, "decide", { iteration: String(iteration), choice });
    if (!taken) for (const button of this.question.querySelectorAll("button")) button.disabled = false;
  }
}
