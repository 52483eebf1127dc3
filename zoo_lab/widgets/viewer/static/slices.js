/** A volume in three planes, each with its slider; contrast is a window of values. All is computed in the page. */

import { h, setText } from "../../static/dom.js";
import { slider } from "./buttons.js";

const PLANES = [
  { name: "axial", axis: 0, down: 1, across: 2 },
  { name: "coronal", axis: 1, down: 0, across: 2 },
  { name: "sagittal", axis: 2, down: 0, across: 1 },
];
const TOP = 65535;
const FLATTEST = 2.4;

/** The voxel in the middle of what is bright: the middle of a scan is often empty. */
function middle(levels, [, height, width]) {
  const sums = [0, 0, 0];
  let whole = 0;
  levels.forEach((level, index) => {
    whole += level;
    sums[0] += level * Math.floor(index / (height * width));
    sums[1] += level * (Math.floor(index / width) % height);
    sums[2] += level * (index % width);
  });
  return sums.map((sum) => (whole ? Math.round(sum / whole) : 0));
}

export class Slices {
  constructor(gallery, index, side, shape) {
    this.gallery = gallery;
    this.index = index;
    this.side = side;
    this.channels = shape[3];
    this.at = [0, 0, 0];
    this.frame = 0;
    this.planes = PLANES.map((plane) => this.planeOf(plane));
    this.note = h("p", { class: "zoo-quiet" }, "Fetching the volume…");
    this.controls = this.buildControls();
    const planes = h("div", { class: "zoo-planes" }, ...this.planes.map((plane) => plane.element));
    this.element = h("div", { class: "zoo-slices" }, this.note, planes, this.controls);
    this.load(0);
  }

  planeOf(plane) {
    const canvas = h("canvas", { class: "zoo-plane", role: "img", onpointerdown: (event) => this.point(event, plane) });
    const choose = slider(`${plane.name} slice`, { high: 0 }, (to) => this.move(plane.axis, to));
    const words = h("span", {});
    const cross = [h("i", { class: "zoo-cross-x" }), h("i", { class: "zoo-cross-y" })];
    const stage = h("div", { class: "zoo-plane-stage" }, canvas, ...cross);
    const element = h("div", { class: "zoo-plane-box" }, stage, h("label", {}, words, choose));
    return { ...plane, canvas, choose, words, cross, stage, element };
  }

  buildControls() {
    this.low = slider("Darkest value", { high: 1000 }, () => this.schedule());
    this.high = slider("Brightest value", { high: 1000, value: 1000 }, () => this.schedule());
    this.window = h("span", { class: "zoo-quiet" });
    const name = (_, channel) => h("option", { value: channel }, `channel ${channel}`);
    const choose = () => this.load(Number(this.channel.value));
    const names = Array.from({ length: this.channels }, name);
    this.channel = h("select", { "aria-label": "Channel", onchange: choose }, ...names);
    this.channel.hidden = this.channels < 2;
    return h("div", { class: "zoo-window" }, h("span", {}, "contrast"), this.low, this.high, this.window, this.channel);
  }

  async load(channel) {
    try {
      const [told, [buffer]] = await this.gallery.volume(this.index, this.side, channel);
      if (this.closed) return;
      const bytes = new Uint8Array(buffer.buffer ?? buffer, buffer.byteOffset ?? 0, buffer.byteLength);
      this.levels = new Uint16Array(bytes.slice().buffer);
      const first = !this.volume;
      this.volume = told;
      if (first) this.begin(told);
      const stride = Math.round(told.shape[1] / told.size[1]);
      setText(this.note, stride > 1 ? `Of each ${stride} voxels one is shown.` : "");
      this.note.hidden = stride <= 1;
      this.schedule();
    } catch (error) {
      setText(this.note, error.message);
      this.note.classList.add("zoo-bad");
    }
  }

  begin({ size }) {
    this.at = middle(this.levels, size);
    for (const { axis, down, across, choose, canvas, stage } of this.planes) {
      choose.max = String(size[axis] - 1);
      canvas.width = size[across];
      canvas.height = size[down];
      // few thick slices would be a thin line: they are drawn taller than they are
      stage.style.aspectRatio = String(Math.min(size[across] / size[down], FLATTEST));
    }
  }

  move(axis, to) {
    this.at[axis] = to;
    this.schedule();
  }

  point(event, { down, across }) {
    if (!this.volume) return;
    const box = event.currentTarget.getBoundingClientRect();
    const part = (offset, length, size) => Math.min(Math.max(Math.floor((offset / length) * size), 0), size - 1);
    this.at[across] = part(event.clientX - box.left, box.width, this.volume.size[across]);
    this.at[down] = part(event.clientY - box.top, box.height, this.volume.size[down]);
    this.schedule();
  }

  schedule() {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      if (this.volume) this.draw();
    });
  }

  draw() {
    const { low, high, size } = this.volume;
    const [dark, bright] = [this.low, this.high].map((input) => Number(input.value) / 1000).sort((a, b) => a - b);
    const value = (part) => Number((low + part * (high - low)).toPrecision(4));
    setText(this.window, `${value(dark)} … ${value(bright)}`);
    for (const plane of this.planes) {
      this.drawPlane(plane, dark * TOP, Math.max(bright - dark, 0.001) * TOP);
      plane.choose.value = String(this.at[plane.axis]);
      setText(plane.words, `${plane.name} ${this.at[plane.axis] + 1} of ${size[plane.axis]}`);
      plane.canvas.setAttribute("aria-label", plane.words.textContent);
      plane.cross[0].style.left = `${(100 * (this.at[plane.across] + 0.5)) / size[plane.across]}%`;
      plane.cross[1].style.top = `${(100 * (this.at[plane.down] + 0.5)) / size[plane.down]}%`;
    }
  }

  drawPlane({ axis, down, across, canvas }, dark, span) {
    const { size } = this.volume;
    const strides = [size[1] * size[2], size[2], 1];
    const pen = canvas.getContext("2d");
    const pixels = pen.createImageData(size[across], size[down]);
    let target = 0;
    for (let row = 0; row < size[down]; row += 1) {
      let from = this.at[axis] * strides[axis] + row * strides[down];
      for (let column = 0; column < size[across]; column += 1, from += strides[across], target += 4) {
        const level = ((this.levels[from] - dark) * 255) / span;
        pixels.data[target] = pixels.data[target + 1] = pixels.data[target + 2] = level; // clamped by its type
        pixels.data[target + 3] = 255;
      }
    }
    pen.putImageData(pixels, 0, 0);
  }

  close() {
    this.closed = true;
    cancelAnimationFrame(this.frame);
  }
}
