/** The other side of a viewer's model: a kernel with 40 images, and the addresses that a page gives pictures. */

import { vi } from "vitest";

/** One true box and two predicted ones. */
export const BOXES = [
  { corners: [0.1, 0.1, 0.5, 0.5], name: "cat", score: null, kind: "truth", difficult: false },
  { corners: [0.1, 0.1, 0.6, 0.5], name: "cat", score: 0.8, kind: "prediction", difficult: false },
  { corners: [0, 0, 1, 1], name: "dog", score: 0.3, kind: "prediction", difficult: false },
];

/** A step of a chain with one number, or with the `params` that are given. */
export function makeStep(values = {}) {
  const delta = { path: "0/delta", label: "delta", kind: "number", value: 9, low: 0, high: 18, step: 1, depth: 0 };
  const step = { name: "ImageBrightness", code: "ImageBrightness(-9, 9)", on: true, problem: "", changed: false };
  return { ...step, params: [delta], ...values };
}

/** A kernel that answers at once, from 40 images; `slow` leaves questions waiting until `release`. */
export function makeKernel({ steps = [], complete = true } = {}) {
  const listeners = new Map();
  const traits = { threshold: 0, classes: [], view: "v1", playing: true };
  const play = { seed: 0, epoch: 0, steps, code: "…" };
  const kernel = { asked: [], slow: false, waiting: [], play };
  const picture = { mime: "image/png", width: 640, height: 480, note: "", buffer: 0 };
  const item = (index) => ({
    name: `folder/${index}.jpg`, label: "cat", prediction: "", agrees: null, draws: [["Flip", "on 1"]],
    sides: Array.from({ length: steps.length ? 2 : 1 }, () => ({
      picture: { ...picture }, boxes: BOXES, volume: null, problem: "",
    })),
  });
  const answers = {
    ready: () => ({ title: "Set", classes: ["cat", "dog"], count: complete ? 40 : 12, complete, page: 6, play }),
    items: ({ start, count }) => {
      const length = Math.min(count, 40 - start);
      return { start, count: 40, complete: complete || start > 20, items: Array.from({ length }, (_, at) => item(start + at)) };
    },
    whole: ({ index }) => (index === 5 ? { problem: "it is cut off" } : { index, items: [item(index)] }),
    stages: ({ index }) => ({ index, stages: ["A", "B"].map((step) => ({ step, side: item(index).sides[0] })) }),
    play: ({ wanted }) => ({ play: { ...play, epoch: wanted.epoch ?? 0, code: JSON.stringify(wanted) } }),
  };
  const answer = (content) => {
    const told = { ...answers[content.type](content), type: "answer", id: content.id };
    listeners.get("msg:custom")?.(told, [new DataView(new ArrayBuffer(4))]);
  };
  kernel.release = () => kernel.waiting.splice(0).forEach(answer);
  kernel.model = {
    get: (name) => traits[name],
    set: (name, value) => (traits[name] = value),
    save_changes: () => {},
    send(content) {
      kernel.asked.push(content);
      if (kernel.slow) kernel.waiting.push(content);
      else queueMicrotask(() => answer(content));
    },
    on: (name, listener) => listeners.set(name, listener),
    off: (name) => listeners.delete(name),
    listens: () => listeners.size > 0,
  };
  return kernel;
}

/** Give pictures addresses; those that are not taken back yet are in the set that is returned. */
export function stubUrls() {
  const urls = new Set();
  let number = 0;
  vi.stubGlobal("URL", {
    createObjectURL: () => {
      urls.add(`blob:${++number}`);
      return `blob:${number}`;
    },
    revokeObjectURL: (url) => urls.delete(url),
  });
  return urls;
}
