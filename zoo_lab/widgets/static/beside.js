/** The curves of other runs beside a run's own: its branches, and what it branches from. Each from where they part on. */

import { h } from "./dom.js";
import { nearest, smooth } from "./store.js";
import { label, value } from "./wording.js";

/** The colour of the curve `index` beside a run's own. */
export function besideColour(index) {
  return `--zoo-series-${(index + 3) % 6}`;
}

/** The lines of `name` beside the run's own, as a chart wants them. */
export function besideLines(store, name, weight, colour) {
  return [...store.beside.values()].flatMap((other, index) => {
    const values = other.rows.get(name);
    if (!values.length) return [];
    const kept = other.kept[name];
    const fresh = kept && kept.rows === values.length && kept.weight === weight;
    if (!fresh) other.kept[name] = { rows: values.length, weight, smoothed: smooth(values, weight) };
    const { smoothed } = other.kept[name];
    const words = `${label(name)}, ${other.name}`;
    return [{ name: words, beside: true, colour: colour(besideColour(index)), iterations: other.rows.get("iteration"), values, smoothed }];
  });
}

/** What the lines beside say at `iteration`: [name, value, colour] of those that reach it. */
export function besideWords(lines, iteration) {
  const there = lines.filter(({ iterations }) => iteration >= iterations[0] && iteration <= iterations.at(-1));
  return there.map((line) => [line.name, line.values[nearest(line.iterations, iteration)], line.colour]);
}

/** The legend's entries of the curves beside. */
export function besideLegend(store) {
  return [...store.beside.values()].map((other, index) => {
    const newest = value(other.rows.get("loss").at(-1));
    const swatch = h("i", { style: `background:var(${besideColour(index)})` });
    const title = `Goes on from iteration ${other.begin}`;
    return h("span", { class: "zoo-series zoo-series-beside", title }, swatch, `${other.name} `, h("b", {}, newest));
  });
}
