/** One image in full: its sides, its boxes with scores, what was drawn for it; keys lead on, back and nearer. */

import { h, setText } from "../../static/dom.js";
import { overlay } from "../../static/boxes.js";
import { button } from "./buttons.js";
import { sayings, shortName, thumbnail } from "./grid.js";
import { Slices } from "./slices.js";

const ZOOMS = [1, 1.5, 2, 3, 4, 6, 8];

export class Detail {
  constructor(gallery, leave) {
    this.gallery = gallery;
    this.leave = leave;
    this.zoom = 0;
    this.apart = true;
    this.drawn = null;
    this.slices = [];
    this.back = button("All images", () => this.close());
    this.previous = button("‹", () => this.step(-1), "Previous image (left arrow)");
    this.next = button("›", () => this.step(1), "Next image (right arrow)");
    this.place = h("span", { class: "zoo-place" });
    this.nearer = button("+", () => this.setZoom(this.zoom + 1), "Nearer (+)");
    this.farther = button("−", () => this.setZoom(this.zoom - 1), "Farther (-)");
    this.scale = h("span", { class: "zoo-place" });
    this.beside = h("input", { type: "checkbox", onchange: () => this.setApart() });
    this.besideLabel = h("label", { class: "zoo-check" }, this.beside, "ground truth beside prediction");
    this.zooms = h("span", { class: "zoo-group" }, this.farther, this.scale, this.nearer);
    this.panes = h("div", { class: "zoo-panes", tabindex: "0", role: "group", "aria-label": "Picture" });
    this.tip = h("div", { class: "zoo-tip", role: "status", "aria-live": "polite" });
    this.facts = h("dl", { class: "zoo-facts" });
    this.strip = h("ol", { class: "zoo-strip", "aria-label": "After each step" });
    const moves = h("span", { class: "zoo-group" }, this.previous, this.place, this.next);
    const bar = h("div", { class: "zoo-detail-bar" }, this.back, moves, this.zooms, this.besideLabel);
    const parts = [bar, this.panes, this.tip, this.strip, this.facts];
    this.element = h("div", { class: "zoo-detail", onkeydown: (event) => this.key(event) }, ...parts);
  }

  update() {
    const { gallery } = this;
    const item = gallery.current;
    this.element.hidden = gallery.open === null;
    if (gallery.open === null) return this.clear();
    if (!item) return undefined;
    setText(this.place, `${gallery.open + 1} of ${gallery.total}`);
    this.previous.disabled = gallery.open === 0;
    this.next.disabled = !gallery.has(gallery.open + 1);
    this.drawStages();
    const key = JSON.stringify([gallery.threshold, gallery.chosen, this.apart, gallery.revision ?? 0]);
    if (this.drawn?.item === item && this.drawn.key === key) return undefined;
    const moved = this.drawn?.index !== gallery.open;
    this.drawn = { item, key, index: gallery.open };
    if (moved) this.setZoom(0);
    this.draw(item);
    return undefined;
  }

  draw(item) {
    const both = item.sides.some(hasBoth);
    this.besideLabel.hidden = !both;
    this.beside.checked = this.apart;
    this.endSlices();
    const volumes = item.sides.some((side) => side.volume);
    this.zooms.hidden = volumes;
    this.panes.classList.toggle("zoo-volumes", volumes);
    this.panes.replaceChildren(...this.paneList(item).map((pane) => this.paneOf(pane)));
    const name = shortName(item.name, this.gallery.open);
    this.panes.setAttribute("aria-label", [name, item.label, item.prediction].filter(Boolean).join(", "));
    this.tell(item);
  }

  /** What stands side by side: before and after the chain, and of either what is true and what was predicted. */
  paneList(item) {
    const titles = item.sides.length > 1 ? ["as read", "after the chain"] : [""];
    return item.sides.flatMap((side, at) => {
      const pane = { side, at, title: titles[at], boxes: side.boxes };
      if (!this.apart || !hasBoth(side)) return [pane];
      const prefix = pane.title ? `${pane.title}: ` : "";
      const kinds = [["truth", "ground truth"], ["prediction", "prediction"]];
      return kinds.map(([shown, title]) => ({ ...pane, title: `${prefix}${title}`, shown }));
    });
  }

  paneOf({ side, at, title, boxes, shown }) {
    const caption = h("figcaption", {}, title, side.picture?.note ? ` (${side.picture.note})` : "");
    caption.hidden = caption.textContent === "";
    if (!side.picture) return h("figure", { class: "zoo-pane" }, caption, h("p", { class: "zoo-bad" }, side.problem));
    if (side.volume) {
      const slices = new Slices(this.gallery, this.gallery.open, at, side.volume);
      this.slices.push(slices);
      return h("figure", { class: "zoo-pane" }, caption, slices.element);
    }
    const image = h("img", { src: side.picture.url, alt: title || "picture", draggable: "false" });
    if (Math.max(side.picture.width, side.picture.height) <= 256) image.classList.add("zoo-pixels");
    const style = `--zoo-aspect:${side.picture.width / side.picture.height}`;
    const tip = (words) => this.say(words);
    const frame = h("div", { class: "zoo-frame", style }, image, ...overlay(this.gallery, boxes, tip, shown));
    return h("figure", { class: "zoo-pane" }, caption, h("div", { class: "zoo-stage" }, frame));
  }

  /** The picture after each step, so that one sees which of them did what. */
  drawStages() {
    const { stages } = this.gallery;
    const key = JSON.stringify([this.gallery.threshold, this.gallery.chosen]);
    if (this.staged?.stages === stages && this.staged.key === key) return;
    this.staged = { stages, key };
    const stage = (side, at) =>
      h("li", {}, h("span", { class: "zoo-stage-name" }, `${at + 1} ${stages.names[at]}`), thumbnail(this.gallery, side));
    this.strip.replaceChildren(...stages.sides.map(stage));
    this.strip.hidden = stages.sides.length < 2;
  }

  tell(item) {
    const side = item.sides.at(-1);
    const size = side.volume ?? (side.picture ? [side.picture.width, side.picture.height] : []);
    const said = sayings(item);
    const rows = [["image", item.name || `${this.gallery.open}`]];
    const term = [item.label && "label", item.prediction && "prediction"].filter(Boolean).join(", ");
    if (said.length) rows.push([term, h("span", { class: "zoo-sayings" }, ...said)]);
    if (size.length) rows.push([side.volume ? "voxels" : "pixels", size.join(" × ")]);
    item.draws.forEach(([step, drawn]) => rows.push([step, drawn || "nothing"]));
    this.facts.replaceChildren(...rows.flatMap(([name, told]) => [h("dt", {}, name), h("dd", {}, told)]));
  }

  say(words) {
    setText(this.tip, words ?? "");
  }

  setZoom(at) {
    this.zoom = Math.min(Math.max(at, 0), ZOOMS.length - 1);
    this.panes.style.setProperty("--zoo-zoom", ZOOMS[this.zoom]);
    this.panes.classList.toggle("zoo-near", this.zoom > 0);
    setText(this.scale, this.zoom === 0 ? "fit" : `× ${ZOOMS[this.zoom]}`);
    this.farther.disabled = this.zoom === 0;
    this.nearer.disabled = this.zoom === ZOOMS.length - 1;
  }

  setApart() {
    this.apart = this.beside.checked;
    this.update();
  }

  step(by) {
    const to = this.gallery.open + by;
    if (this.gallery.has(to)) this.gallery.show(to);
  }

  close() {
    const index = this.gallery.open;
    this.gallery.show(null);
    this.leave(index);
  }

  focus() {
    this.panes.focus({ preventScroll: true });
  }

  clear() {
    this.endSlices();
    this.drawn = null;
    this.panes.replaceChildren();
    this.gallery.forgetWhole();
  }

  endSlices() {
    this.slices.forEach((slices) => slices.close());
    this.slices = [];
  }

  key(event) {
    const typing = event.target.matches("input, select, textarea");
    if (event.key === "Escape") this.close();
    else if (typing) return;
    else if (event.key === "ArrowRight") this.step(1);
    else if (event.key === "ArrowLeft") this.step(-1);
    else if (event.key === "+" || event.key === "=") this.setZoom(this.zoom + 1);
    else if (event.key === "-") this.setZoom(this.zoom - 1);
    else if (event.key === "0") this.setZoom(0);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}

/** Whether a side has true boxes and predicted ones. */
function hasBoth(side) {
  return new Set(side.boxes.map((box) => box.kind)).size > 1;
}
