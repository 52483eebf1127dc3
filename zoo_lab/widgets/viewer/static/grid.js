/** The grid: one button for each image, pairs where there is a chain; arrows move, Enter opens. */

import { h, setText } from "../../static/dom.js";
import { overlay } from "../../static/boxes.js";
import { button, counted } from "./buttons.js";
import { boxesOf } from "./gallery.js";

export class Grid {
  constructor(gallery) {
    this.gallery = gallery;
    this.tiles = [];
    this.focused = 0;
    this.list = h("ul", { class: "zoo-grid", onkeydown: (event) => this.key(event) });
    this.button = button("More", () => this.more());
    this.left = h("span", { class: "zoo-quiet" });
    this.element = h("div", { class: "zoo-all" }, this.list, h("div", { class: "zoo-more" }, this.button, this.left));
  }

  update() {
    const { gallery } = this;
    const pairs = gallery.items.some((item) => item.sides.length > 1);
    this.list.classList.toggle("zoo-pairs", pairs);
    gallery.items.forEach((item, index) => {
      const key = [gallery.threshold, gallery.chosen.join()].join("|");
      const tile = this.tiles[index];
      if (tile?.item === item && tile.key === key) return;
      const element = tileOf(gallery, item, index);
      element.tabIndex = index === this.focused ? 0 : -1;
      if (tile) {
        const had = tile.element === document.activeElement;
        tile.element.replaceWith(element);
        if (had) element.focus({ preventScroll: true });
      } else this.list.append(h("li", {}, element));
      this.tiles[index] = { item, key, element };
    });
    const more = gallery.items.length > 0 && gallery.has(gallery.items.length);
    this.button.hidden = !more;
    this.left.hidden = !more;
    setText(this.left, `${gallery.items.length} of ${gallery.total}`);
  }

  async more() {
    const first = this.tiles.length;
    await this.gallery.more();
    this.update();
    this.focus(first);
  }

  /** Put the keyboard on a tile. */
  focus(index) {
    const at = Math.min(Math.max(index, 0), this.tiles.length - 1);
    if (at < 0) return;
    this.tiles[this.focused]?.element.setAttribute("tabindex", "-1");
    this.focused = at;
    this.tiles[at].element.tabIndex = 0;
    this.tiles[at].element.focus();
  }

  get columns() {
    const [first] = this.tiles;
    const next = this.tiles.findIndex(({ element }) => element.offsetTop > first.element.offsetTop);
    return next < 0 ? this.tiles.length : next;
  }

  key(event) {
    const index = this.tiles.findIndex(({ element }) => element === event.target);
    if (index < 0) return;
    const last = this.tiles.length - 1;
    const { columns } = this;
    const steps = { ArrowRight: index + 1, ArrowLeft: index - 1, ArrowDown: index + columns, ArrowUp: index - columns };
    const target = { ...steps, Home: 0, End: last }[event.key];
    if (target === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    if (target >= 0 && target <= last) this.focus(target);
  }
}

/** What an image is called in a caption: the end of its path. */
export function shortName(name, index) {
  return name.split("/").at(-1) || `image ${index}`;
}

/** What is said of an image: label and prediction, as elements. */
export function sayings(item) {
  const said = [];
  if (item.label) said.push(h("span", { class: "zoo-label" }, item.label));
  if (item.prediction) {
    const verdict = item.agrees === null ? "" : item.agrees ? " zoo-right" : " zoo-wrong";
    const mark = item.agrees === null ? "" : item.agrees ? " ✓" : " ✗";
    said.push(h("span", { class: `zoo-said${verdict}` }, `${item.prediction}${mark}`));
  }
  return said;
}

function tileOf(gallery, item, index) {
  const name = shortName(item.name, index);
  const boxes = boxesOf(item).filter((box) => gallery.draws(box)).length;
  const problem = item.sides.at(-1).problem;
  const said = item.prediction && `predicted ${item.prediction}`;
  const spoken = [name, item.label, said, boxes && counted(boxes, "box"), problem];
  const pictures = item.sides.map((side) => thumbnail(gallery, side));
  if (pictures.length > 1) pictures.splice(1, 0, h("span", { class: "zoo-arrow", "aria-hidden": "true" }, "→"));
  const caption = h("span", { class: "zoo-caption" }, ...sayings(item), h("span", { class: "zoo-file" }, name));
  return h(
    "button",
    {
      type: "button",
      class: "zoo-tile",
      title: item.name,
      "data-index": index,
      "aria-label": spoken.filter(Boolean).join(", "),
      onclick: () => gallery.show(index),
    },
    h("span", { class: "zoo-pictures" }, ...pictures),
    caption,
  );
}

/** The small picture of one side, with its boxes. */
export function thumbnail(gallery, { picture, boxes, problem }) {
  if (!picture) return h("span", { class: "zoo-bad" }, problem);
  const image = h("img", { src: picture.url, alt: "", draggable: "false" });
  if (Math.max(picture.width, picture.height) <= 96) image.classList.add("zoo-pixels");
  const style = `--zoo-aspect:${picture.width / picture.height}`;
  return h("span", { class: "zoo-thumb" }, h("span", { class: "zoo-frame", style }, image, ...overlay(gallery, boxes)));
}
