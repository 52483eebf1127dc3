/** Where an iteration's time goes: one bar, its parts side by side, with a legend. */

import { h } from "./dom.js";
import { duration } from "./wording.js";

/** The parts of an iteration in the order in which they happen; computing is what the user pays for. */
export const PARTS = ["schedule", "read", "compute", "exchange", "update", "return"];

/** Shares of the whole: [name, seconds, share] in order, parts that this version does not know last. */
export function shares(parts) {
  const known = PARTS.filter((name) => name in parts);
  const names = [...known, ...Object.keys(parts).filter((name) => !PARTS.includes(name))];
  const whole = names.reduce((sum, name) => sum + Math.max(parts[name] ?? 0, 0), 0);
  return whole > 0 ? names.map((name) => [name, parts[name], Math.max(parts[name] ?? 0, 0) / whole]) : [];
}

export class PartsBar {
  constructor() {
    this.bar = h("div", { class: "zoo-parts-bar", role: "img" });
    this.legend = h("div", { class: "zoo-parts-legend" });
    this.element = h("div", { class: "zoo-parts", hidden: "" }, this.bar, this.legend);
  }

  update(parts) {
    const split = shares(parts ?? {});
    this.element.hidden = split.length === 0;
    if (!split.length) return;
    const percent = (share) => `${Math.round(share * 100)} %`;
    const words = split.map(([name, seconds, share]) => `${name} ${duration(seconds)}, ${percent(share)}`);
    this.bar.setAttribute("aria-label", `Where an iteration's time goes: ${words.join("; ")}`);
    const colour = (name) => `background:var(--zoo-part-${PARTS.includes(name) ? name : "other"})`;
    this.bar.replaceChildren(
      ...split.map(([name, , share], index) =>
        h("span", { style: `${colour(name)};flex-grow:${share.toFixed(4)}`, title: words[index] }),
      ),
    );
    this.legend.replaceChildren(
      h("span", {}, "per step:"),
      ...split.map(([name, seconds, share]) =>
        h("span", {}, h("i", { style: colour(name) }), `${name} `, h("b", {}, duration(seconds))),
      ),
    );
  }
}
