/** Where an iteration's time goes: one bar, its parts side by side, with a legend. */

import { h } from "./dom.js";
import { count, duration } from "./wording.js";

/** The parts of an iteration in the order in which they happen; computing is what the user pays for. */
export const PARTS = ["schedule", "read", "compute", "exchange", "update", "return"];

/** Shares of the whole: [name, seconds, share] in order, parts that this version does not know last. */
export function shares(parts) {
  const known = PARTS.filter((name) => name in parts);
  const names = [...known, ...Object.keys(parts).filter((name) => !PARTS.includes(name))];
  const whole = names.reduce((sum, name) => sum + Math.max(parts[name] ?? 0, 0), 0);
  return whole > 0 ? names.map((name) => [name, parts[name], Math.max(parts[name] ?? 0, 0) / whole]) : [];
}

/** Who was slowest in an iteration, as words; "" where there is but one worker. */
export function slowestWords({ slowest, parts }, workers) {
  return workers > 1 && "compute" in parts ? `slowest: worker ${slowest}, compute ${duration(parts.compute)}` : "";
}

/** The parts of an iteration as words, in order. */
export function splitWords(parts) {
  return shares(parts).map(([name, seconds]) => `${name} ${duration(seconds)}`);
}

export class PartsBar {
  constructor() {
    this.bar = h("div", { class: "zoo-parts-bar", role: "img" });
    this.legend = h("div", { class: "zoo-parts-legend" });
    this.element = h("div", { class: "zoo-parts", hidden: "" }, this.bar, this.legend);
  }

  /** Show the `parts` of iteration `iteration`; null stands for the mean of the last ones. */
  update(parts, iteration = null) {
    const split = shares(parts ?? {});
    this.element.hidden = split.length === 0;
    if (!split.length) return;
    const percent = (share) => `${Math.round(share * 100)} %`;
    const words = split.map(([name, seconds, share]) => `${name} ${duration(seconds)}, ${percent(share)}`);
    const whose = iteration === null ? "Where an iteration's time goes" : `Where iteration ${iteration}'s time went`;
    this.bar.setAttribute("aria-label", `${whose}: ${words.join("; ")}`);
    const colour = (name) => `background:var(--zoo-part-${PARTS.includes(name) ? name : "other"})`;
    this.bar.replaceChildren(
      ...split.map(([name, , share], index) =>
        h("span", { style: `${colour(name)};flex-grow:${share.toFixed(4)}`, title: words[index] }),
      ),
    );
    this.legend.replaceChildren(
      h("span", {}, iteration === null ? "per step:" : `iteration ${count(iteration)}:`),
      ...split.map(([name, seconds, share]) =>
        h("span", {}, h("i", { style: colour(name) }), `${name} `, h("b", {}, duration(seconds))),
      ),
    );
  }
}
