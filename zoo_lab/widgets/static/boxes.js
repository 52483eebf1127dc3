/** Boxes over a picture: one SVG that stretches with it; labels and scores where there is room for them. */

import { h } from "./dom.js";

const SVG_NAMESPACE = "http://www.w3.org/2000/svg";
const BOX_SCALE = 1000;

/** The part of both boxes that they share, from 0 to 1. */
export function overlap(a, b) {
  const width = Math.min(a[2], b[2]) - Math.max(a[0], b[0]);
  const height = Math.min(a[3], b[3]) - Math.max(a[1], b[1]);
  const shared = Math.max(width, 0) * Math.max(height, 0);
  return shared > 0 ? shared / (areaOf(a) + areaOf(b) - shared) : 0;
}

/** A box in words; a prediction also says how well it meets the nearest true box of its class. */
export function boxWords(box, all) {
  const score = box.score === null ? "" : ` ${box.score.toFixed(2)}`;
  const parts = [`${box.name}${score}`.trim()];
  const rivals = all.filter((other) => other.kind !== box.kind && other.name === box.name);
  if (box.kind === "prediction" && all.some((other) => other.kind === "truth")) {
    const best = Math.max(0, ...rivals.map((other) => overlap(other.corners, box.corners)));
    parts.push(best > 0 ? `overlap ${best.toFixed(2)} with a true one` : "no true one there");
  }
  if (box.difficult) parts.push("difficult");
  return parts.filter(Boolean).join(", ");
}

/**
 * The overlay of the `boxes` that are drawn on one side, or of one `kind` of them; `gallery` tells which are and in what
 * colour. With `tip` each can be pointed at and reached with Tab, and has its name beside it.
 */
export function overlay(gallery, boxes, tip = null, kind = null) {
  const chosen = boxes.filter((box) => gallery.draws(box) && (!kind || box.kind === kind));
  const drawn = chosen.sort((a, b) => areaOf(b.corners) - areaOf(a.corners));
  const svg = makeSvg("svg", { class: "zoo-boxes", viewBox: `0 0 ${BOX_SCALE} ${BOX_SCALE}`, preserveAspectRatio: "none" });
  if (!tip) svg.setAttribute("aria-hidden", "true");
  const tags = [];
  for (const box of drawn) {
    const style = box.kind === "truth" ? "zoo-truth" : "zoo-predicted";
    const colour = `zoo-colour-${gallery.colourOf(box)}`;
    const [x1, y1, x2, y2] = box.corners.map((corner) => corner * BOX_SCALE);
    const place = { x: x1, y: y1, width: Math.max(x2 - x1, 0), height: Math.max(y2 - y1, 0) };
    const rect = makeSvg("rect", { class: `zoo-box ${style} ${colour}`, ...place });
    svg.append(rect);
    if (!tip) continue;
    const words = boxWords(box, boxes);
    rect.setAttribute("tabindex", "0");
    rect.setAttribute("role", "img");
    rect.setAttribute("aria-label", words);
    for (const event of ["pointerenter", "focus"]) rect.addEventListener(event, () => tip(words));
    for (const event of ["pointerleave", "blur"]) rect.addEventListener(event, () => tip(null));
    tags.push(tagOf(box, colour));
  }
  return [svg, ...tags];
}

function tagOf(box, colour) {
  const [left, top] = box.corners.map((corner) => `${(100 * Math.min(Math.max(corner, 0), 1)).toFixed(2)}%`);
  const score = box.score === null ? "" : ` ${box.score.toFixed(2)}`;
  const low = box.corners[1] < 0.06 ? " zoo-tag-inside" : "";
  const attributes = { class: `zoo-tag ${colour}${low}`, style: `left:${left};top:${top}`, "aria-hidden": "true" };
  return h("span", attributes, `${box.name}${score}`);
}

function areaOf([x1, y1, x2, y2]) {
  return Math.max(x2 - x1, 0) * Math.max(y2 - y1, 0);
}

function makeSvg(tag, attributes) {
  const element = document.createElementNS(SVG_NAMESPACE, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}
