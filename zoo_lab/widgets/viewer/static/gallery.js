/** What all views of one viewer share: the images that were fetched, what is drawn on them, the chain. */

import { Channel } from "./channel.js";

const COLOURS = 8;

export class Gallery {
  constructor(model) {
    this.model = model;
    this.channel = new Channel(model);
    this.items = [];
    this.classes = [];
    this.count = null; // as many as are known; there may be more until they are complete
    this.complete = false;
    this.page = 12;
    this.play = { seed: 0, epoch: 0, steps: [], code: "" };
    this.problem = "";
    this.busy = 0;
    this.wanted = null;
    this.whole = null; // {index, item} of the one that is shown in full
    this.stages = { sides: [], names: [] }; // what each step of its chain left
    this.open = null; // its index; null for the grid
    this.listeners = new Set();
    this.redraw = () => this.changed();
    for (const name of ["threshold", "classes"]) model.on(`change:${name}`, this.redraw);
  }

  subscribe(listener) {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  changed() {
    for (const listener of this.listeners) listener();
  }

  async begin() {
    await this.attempt(async () => {
      const [told] = await this.channel.ask("ready");
      Object.assign(this, { classes: told.classes, count: told.count, complete: told.complete });
      Object.assign(this, { page: Math.max(told.page, 1), play: told.play });
      this.changed();
      await this.load(0);
    });
  }

  /** Fetch a page of images from `start` on. */
  async load(start, count = this.page) {
    if (!this.has(start)) return;
    const [content, buffers] = await this.channel.ask("items", { start, count });
    Object.assign(this, { count: content.count, complete: content.complete });
    content.items.forEach((item, at) => {
      const index = content.start + at;
      if (this.items[index]) release(this.items[index]);
      this.items[index] = withPictures(item, buffers);
    });
    this.changed();
  }

  more() {
    return this.attempt(() => this.load(this.items.length));
  }

  /** Whether there is, or may be, an image with this number. */
  has(index) {
    return this.count !== null && index >= 0 && (index < this.count || !this.complete);
  }

  /** How many images there are, in words. */
  get total() {
    return `${(this.count ?? 0).toLocaleString("en-US")}${this.complete ? "" : " or more"}`;
  }

  /** Show image `index` in full, or with null the grid; the next page is fetched where it ends. */
  async show(index) {
    this.open = index;
    this.changed();
    if (index === null) return;
    await this.attempt(async () => {
      if (index >= this.items.length) await this.load(this.items.length);
      if (index < this.items.length) await this.loadWhole();
      else if (this.open === index) this.open = this.items.length - 1; // there were no more
    });
  }

  async loadWhole() {
    const index = this.open;
    if (index === null || this.items[index]?.sides.some((side) => side.volume)) return;
    const [content, buffers] = await this.channel.ask("whole", { index });
    if (this.open !== index) return;
    this.forgetWhole();
    this.whole = { index, item: withPictures(content.items[0], buffers) };
    this.changed();
    if (this.play.steps.length) await this.loadStages(index);
  }

  async loadStages(index) {
    const [content, buffers] = await this.channel.ask("stages", { index });
    if (this.whole?.index !== index) return;
    const sides = content.stages.map(({ side }) => side);
    release(this.stages);
    this.stages = withPictures({ index, sides, names: content.stages.map(({ step }) => step) }, buffers);
    this.changed();
  }

  forgetWhole() {
    if (this.whole) release(this.whole.item);
    release(this.stages);
    this.stages = { sides: [], names: [] };
    this.whole = null;
  }

  /** The image that is open: in full once it is there, before that small. */
  get current() {
    return this.whole?.index === this.open ? this.whole.item : this.items[this.open];
  }

  /** Change the chain and draw anew; changes that come meanwhile are put together, and only the last is drawn. */
  async change(wanted) {
    this.expect(wanted);
    const before = this.wanted ?? {};
    const merged = (name) => ({ ...before[name], ...wanted[name] });
    this.wanted = { ...before, ...wanted, on: merged("on"), values: merged("values") };
    if (this.changing) return;
    this.changing = true;
    await this.attempt(() => this.draw());
    this.changing = false;
  }

  /** Show the wanted values at once, so that no control springs back while the kernel works. */
  expect({ on = {}, values = {}, ...chance }) {
    for (const name of ["seed", "epoch"]) if (name in chance) this.play[name] = chance[name];
    for (const [at, isOn] of Object.entries(on)) this.play.steps[at].on = isOn;
    for (const [path, value] of Object.entries(values)) {
      this.play.steps[path.split("/")[0]].params.find((parameter) => parameter.path === path).value = value;
    }
  }

  async draw() {
    while (this.wanted) {
      const wanted = this.wanted;
      this.wanted = null;
      const [content] = await this.channel.ask("play", { wanted });
      this.play = content.play;
      this.revision = (this.revision ?? 0) + 1;
      this.changed();
      if (this.open !== null) await this.loadWhole();
      for (let start = 0; start < this.items.length && !this.wanted; start += this.page) await this.load(start);
    }
  }

  volume(index, side, channel) {
    return this.channel.ask("volume", { index, side, channel });
  }

  async attempt(work) {
    this.busy += 1;
    this.problem = "";
    this.changed();
    try {
      await work();
    } catch (error) {
      this.problem = error.message;
    } finally {
      this.busy -= 1;
      this.changed();
    }
  }

  get threshold() {
    return this.model.get("threshold") ?? 0;
  }

  get chosen() {
    return this.model.get("classes") ?? [];
  }

  set(name, value) {
    this.model.set(name, value);
    this.model.save_changes();
    this.changed();
  }

  toggle(name) {
    const chosen = this.chosen.filter((other) => other !== name);
    this.set("classes", chosen.length < this.chosen.length ? chosen : [...chosen, name]);
  }

  /** Whether a box is drawn. */
  draws(box) {
    if (this.chosen.length && !this.chosen.includes(box.name)) return false;
    return box.score === null || box.score >= this.threshold;
  }

  /** All boxes of the images that were fetched: of each, those of the side that has most. */
  boxes() {
    return this.items.flatMap((item) => boxesOf(item));
  }

  /** The names of the classes that have boxes, in the order of their labels: [name, how many boxes]. */
  boxed() {
    const counts = new Map();
    for (const box of this.boxes()) counts.set(box.name, (counts.get(box.name) ?? 0) + 1);
    const known = this.classes.filter((name) => counts.has(name));
    const others = [...counts.keys()].filter((name) => !this.classes.includes(name)).sort();
    return [...known, ...others].map((name) => [name, counts.get(name)]);
  }

  /** The number of the colour of a box: that of its class. */
  colourOf(box) {
    return this.colour(box.name);
  }

  /** The number of the colour of a class. */
  colour(name) {
    this.colours ??= new Map();
    if (!this.colours.has(name)) this.colours.set(name, this.colours.size % COLOURS);
    return this.colours.get(name);
  }

  close() {
    this.channel.close();
    for (const name of ["threshold", "classes"]) this.model.off(`change:${name}`, this.redraw);
    this.items.forEach(release);
    this.forgetWhole();
  }
}

/** The boxes of an item before or after its chain, wherever there are more: after it, if they are as many. */
export function boxesOf(item) {
  return item.sides.map((side) => side.boxes).reduce((most, boxes) => (boxes.length >= most.length ? boxes : most));
}

/** An item whose pictures have addresses that the page can draw; `release` gives them back. */
function withPictures(item, buffers) {
  for (const { picture } of item.sides) {
    if (picture) picture.url = URL.createObjectURL(new Blob([buffers[picture.buffer]], { type: picture.mime }));
  }
  return item;
}

function release(item) {
  for (const { picture } of item.sides) if (picture) URL.revokeObjectURL(picture.url);
}
