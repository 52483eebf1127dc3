/** Fixed samples and what the model makes of them by now: bars of its likeliest classes, or its number beside the target. */

import { h, setText } from "./dom.js";
import { count, value } from "./wording.js";

/** A picture's bytes as an address for an image. */
function pictureAddress(buffer) {
  const bytes = new Uint8Array(buffer.buffer ?? buffer, buffer.byteOffset ?? 0, buffer.byteLength);
  return `data:image/png;base64,${btoa(String.fromCharCode(...bytes))}`;
}

/** What a packet tells of the samples, put to what is known; samples and their pictures come once. */
export function takeWatch(known, told, buffers) {
  if (!told) return known;
  if (!told.samples) return known ? { ...known, ...told } : known;
  const samples = told.samples.map(({ label, inputs, buffer }) => {
    return { label, inputs, picture: buffer === null || buffer === undefined ? "" : pictureAddress(buffers[buffer]) };
  });
  return { ...told, samples };
}

/** The samples of a saved run (widgets/samples.py), whose pictures are within it. */
export function savedWatch(record) {
  if (!record) return null;
  const samples = record.samples.map(({ label, inputs, picture }) => {
    return { label, inputs, picture: picture ? `data:image/png;base64,${picture}` : "" };
  });
  return { ...record, samples };
}

export class WatchPanel {
  constructor(store) {
    this.store = store;
    this.head = h("div", { class: "zoo-watch-head" });
    this.list = h("ul", { class: "zoo-watch-list" });
    this.element = h("section", { class: "zoo-watch", hidden: "", "aria-label": "Samples as the model sees them" }, this.head, this.list);
    this.shown = null;
  }

  update() {
    const { watch } = this.store;
    this.element.hidden = !watch;
    if (!watch || this.shown === watch) return;
    this.shown = watch;
    setText(this.head, `${watch.source} rows at iteration ${count(watch.iteration)}`);
    this.list.replaceChildren(...watch.samples.map((sample, index) => this.card(watch.kind, sample, watch.predictions[index])));
  }

  card(kind, { label, inputs, picture }, predicted) {
    const input = picture ? h("img", { src: picture, alt: "" }) : h("span", { class: "zoo-watch-inputs", title: inputs }, inputs);
    const right = kind === "classes" && String(predicted[0]?.[0]) === label;
    const parts = kind === "classes" ? predicted.map((entry) => this.bar(entry, label)) : [h("div", {}, h("b", {}, predicted.map(value).join(", ")))];
    const truth = kind === "classes" ? `true ${label}${right ? " ✓" : ""}` : `target ${label}`;
    return h("li", { "data-right": kind === "classes" ? String(right) : null }, input, h("div", { class: "zoo-watch-said" }, h("div", {}, truth), ...parts));
  }

  bar([name, share], label) {
    const percent = `${Math.round(100 * share)} %`;
    const fill = h("i", { style: `width:${(100 * share).toFixed(1)}%` });
    const own = String(name) === label ? "zoo-watch-bar zoo-watch-true" : "zoo-watch-bar";
    return h("div", { class: own }, h("span", {}, String(name)), h("span", { class: "zoo-watch-share", "aria-hidden": "true" }, fill), h("span", {}, percent));
  }
}
