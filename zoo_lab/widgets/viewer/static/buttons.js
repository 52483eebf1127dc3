/** The viewer's small controls. */

import { h } from "../../static/dom.js";

/** A button; `words` say what it does where its label does not. */
export function button(label, press, words = null) {
  const attributes = { type: "button", class: "zoo-button", "aria-label": words, title: words, onclick: press };
  return h("button", attributes, label);
}

/** A slider from `low` to `high`. */
export function slider(words, { low = 0, high, step = 1, value = low }, move) {
  const range = { type: "range", min: low, max: high, step, value, "aria-label": words };
  const input = h("input", { ...range, oninput: () => move(Number(input.value)) });
  return input;
}

/** "1 image", "14 images". */
export function counted(number, noun) {
  return `${number.toLocaleString("en-US")} ${noun}${number === 1 ? "" : noun.endsWith("x") ? "es" : "s"}`;
}
