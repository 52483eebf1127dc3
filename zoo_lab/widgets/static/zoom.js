/** Looking closer at a part of the curves: drag over it, Ctrl and the wheel, or + and -; the view's charts zoom together. */

import { h } from "./dom.js";

const DRAG = 6;
const FEWEST = 4;

/** `zoom` narrowed by `factor` around `centre`, within `whole`; null where that is all of it. */
export function narrowed(zoom, whole, factor, centre) {
  const [low, high] = zoom ?? whole;
  const size = Math.max((high - low) * factor, FEWEST);
  if (size >= whole[1] - whole[0]) return null;
  const share = high > low ? (centre - low) / (high - low) : 0.5;
  return moved([centre - share * size, centre + (1 - share) * size], whole, 0);
}

/** `zoom` moved by so many iterations, within `whole`. */
export function moved([low, high], whole, by) {
  const size = high - low;
  const start = Math.min(Math.max(low + by, whole[0]), whole[1] - size);
  return [start, start + size];
}

export class ZoomGestures {
  /** `places` gives the chart's layout, `point` hears where the pointer is. */
  constructor(canvas, store, places, point) {
    this.canvas = canvas;
    this.store = store;
    this.places = places;
    this.point = point;
    this.picked = null; // hears of a click that was no drag
    this.start = null;
    this.band = h("div", { class: "zoo-band", hidden: "" });
    canvas.addEventListener("pointerdown", (event) => this.down(event));
    canvas.addEventListener("pointermove", (event) => this.move(event));
    canvas.addEventListener("pointerup", (event) => this.up(event));
    canvas.addEventListener("pointercancel", () => this.end());
    canvas.addEventListener("dblclick", () => this.set(null));
    canvas.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
  }

  get whole() {
    const iterations = this.store.rows.get("iteration");
    return [iterations[0] ?? 0, iterations.at(-1) ?? 0];
  }

  set(zoom) {
    this.store.settings.zoom = zoom;
    this.store.changed();
  }

  down(event) {
    this.point(event.offsetX);
    if (event.button !== 0 || !this.places()) return;
    this.start = { left: event.offsetX, zoom: this.store.settings.zoom, pan: event.shiftKey };
    this.canvas.setPointerCapture?.(event.pointerId);
  }

  move(event) {
    if (!this.start || !this.places()) return;
    const { left, zoom, pan } = this.start;
    if (pan && zoom) {
      const perPixel = (zoom[1] - zoom[0]) / (this.places().box.right - this.places().box.left);
      this.set(moved(zoom, this.whole, (left - event.offsetX) * perPixel));
    } else if (Math.abs(event.offsetX - left) > DRAG) {
      const [from, to] = [left, event.offsetX].sort((a, b) => a - b);
      this.band.hidden = false;
      Object.assign(this.band.style, { left: `${from}px`, width: `${to - from}px` });
    }
  }

  up(event) {
    const start = this.start;
    const dragged = !this.band.hidden;
    this.end();
    if (start && !dragged && this.places()) this.picked?.(this.places().iterationAt(event.offsetX));
    if (!start || !dragged) return;
    const [from, to] = [start.left, event.offsetX].map(this.places().iterationAt).sort((a, b) => a - b);
    const [low, high] = [Math.max(from, this.whole[0]), Math.min(to, this.whole[1])];
    if (high - low >= FEWEST) this.set([low, high]);
  }

  end() {
    this.start = null;
    this.band.hidden = true;
  }

  /** Only with Ctrl, as the wheel alone scrolls the notebook. */
  wheel(event) {
    if (!(event.ctrlKey || event.metaKey) || !this.places()) return;
    event.preventDefault();
    const centre = this.places().iterationAt(event.offsetX);
    this.set(narrowed(this.store.settings.zoom, this.whole, event.deltaY < 0 ? 0.8 : 1.25, centre));
  }

  /** Take + and - and 0; true where it was one of them. */
  key(event) {
    const factor = { "+": 0.5, "=": 0.5, "-": 2, 0: 0 }[event.key];
    if (factor === undefined || event.ctrlKey || event.metaKey) return false;
    const { zoom } = this.store.settings;
    const [low, high] = zoom ?? this.whole;
    this.set(factor ? narrowed(zoom, this.whole, factor, (low + high) / 2) : null);
    event.preventDefault();
    event.stopPropagation();
    return true;
  }
}
