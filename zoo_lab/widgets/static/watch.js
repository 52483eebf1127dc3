/** Fixed samples and what the model makes of them by now: bars of its likeliest classes, boxes, or numbers beside targets. */

import { boxWords, overlap, overlay } from "./boxes.js";
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
  const samples = told.samples.map(({ buffer, ...sample }) => {
    return { ...sample, picture: buffer === null || buffer === undefined ? "" : pictureAddress(buffers[buffer]) };
  });
  return { ...told, samples };
}

/** The samples of a saved run (widgets/samples.py), whose pictures are within it. */
export function savedWatch(record) {
  if (!record) return null;
  const samples = record.samples.map(({ picture, ...sample }) => {
    return { ...sample, picture: picture ? `data:image/png;base64,${picture}` : "" };
  });
  return { ...record, samples };
}

export class WatchPanel {
  constructor(store) {
    this.store = store;
    this.head = h("div", { class: "zoo-watch-head" });
    this.list = h("ul", { class: "zoo-watch-list" });
    this.element = h("div", { class: "zoo-watch", hidden: "", role: "group", "aria-label": "Samples as the model sees them" }, this.head, this.list);
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

  card(kind, sample, predicted) {
    if (kind === "boxes") return boxCard(sample, predicted);
    const { label, inputs, picture } = sample;
    const input = picture ? h("img", { src: picture, alt: "" }) : h("span", { class: "zoo-watch-inputs", title: inputs }, inputs);
    const right = kind === "classes" && String(predicted[0]?.[0]) === label;
    const parts = kind === "classes" ? predicted.map((entry) => this.bar(entry, label)) : [numbersBeside(predicted, sample.targets)];
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

/** What is drawn of boxes, and how: dashed and green the true ones, whatever they show. */
const WATCHED_BOXES = { draws: () => true, colourOf: ({ kind }) => (kind === "truth" ? 2 : 4) };

/** A picture with the predicted boxes over the true ones, and how well they meet. */
function boxCard({ picture, boxes, aspect }, predicted) {
  const named = (kind) => ([name, score, ...corners]) => ({ name, score, corners, kind, difficult: false });
  const truth = (boxes ?? []).map(named("truth"));
  const all = [...truth, ...predicted.map(named("prediction"))];
  const met = truth.map((box) => Math.max(0, ...all.filter(({ kind, name }) => kind !== "truth" && name === box.name).map((other) => overlap(box.corners, other.corners))));
  const mean = met.length ? met.reduce((sum, each) => sum + each, 0) / met.length : null;
  const words = mean === null ? `${predicted.length} boxes` : `overlap ${mean.toFixed(2)}`;
  const told = all.filter(({ kind }) => kind !== "truth").map((box) => boxWords(box, all)).join("; ") || "no box predicted";
  const frame = h("div", { class: "zoo-watch-frame", style: `aspect-ratio:${aspect}` }, h("img", { src: picture, alt: "" }), ...overlay(WATCHED_BOXES, all));
  const names = [...new Set(all.map(({ name }) => name).filter(Boolean))].map((name) => nameLine(name, all));
  return h("li", { class: "zoo-watch-boxed" }, frame, h("div", { class: "zoo-watch-said", title: told }, h("b", {}, words), ...names));
}

/** What a class is called, and the best score that it was given, "true" where it is there. */
function nameLine(name, all) {
  const own = all.filter((box) => box.name === name);
  const scores = own.map(({ score }) => score).filter((score) => score !== null);
  const parts = [own.some(({ kind }) => kind === "truth") ? `true ${name}` : name, scores.length ? Math.max(...scores).toFixed(2) : ""];
  return h("div", {}, parts.filter(Boolean).join(" · "));
}

/** The first numbers, each with what it is off its target by. */
function numbersBeside(predicted, targets) {
  if (!targets) return h("div", {}, h("b", {}, predicted.map(value).join(", ")));
  const line = (number, at) => h("div", {}, h("b", {}, value(number)), ` off by ${value(number === null ? null : Math.abs(number - targets[at]))}`);
  return h("div", {}, ...predicted.map(line));
}
