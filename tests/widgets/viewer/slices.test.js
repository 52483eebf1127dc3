import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Slices } from "../../../zoo_lab/widgets/viewer/static/slices.js";
import { frame } from "../page.js";

const SIZE = [3, 2, 4]; // depth, height, width
const TOLD = { shape: SIZE, size: SIZE, low: -100, high: 100 };

let drawn;
let asked;
let slices;

/** A gallery whose volumes are as bright as their voxels' numbers say, from 0 to 65,535. */
function galleryOf(levels, told = TOLD) {
  return {
    async volume(index, side, channel) {
      asked.push([index, side, channel]);
      const odd = new Uint8Array(1 + 2 * levels.length); // where no number of 16 bits could begin
      odd.set(new Uint8Array(Uint16Array.from(levels).buffer), 1);
      return [told, [new DataView(odd.buffer, 1)]];
    },
  };
}

async function show(levels, { told, channels = 1 } = {}) {
  slices = new Slices(galleryOf(levels, told), 5, 1, [...SIZE, channels]);
  await vi.waitFor(() => expect(slices.volume).toBeDefined());
  await frame();
}

const levels = (bright) => Array.from({ length: 24 }, (_, index) => (index === bright ? 65535 : 0));
const greys = (plane) => [...drawn.get(slices.planes[plane].canvas)].filter((_, index) => index % 4 === 0);

beforeEach(() => {
  drawn = new WeakMap();
  asked = [];
  HTMLCanvasElement.prototype.getContext = function () {
    return {
      createImageData: (width, height) => ({ data: new Uint8ClampedArray(width * height * 4) }),
      putImageData: ({ data }) => drawn.set(this, data),
    };
  };
});
afterEach(() => slices.close());

it("begins at the middle of what is bright, in all three planes", async () => {
  await show(levels(1 * 8 + 1 * 4 + 2)); // depth 1, height 1, width 2
  expect(asked).toEqual([[5, 1, 0]]);
  expect(slices.at).toEqual([1, 1, 2]);
  expect(greys(0)).toEqual([0, 0, 0, 0, 0, 0, 255, 0]);
  expect(greys(1)).toEqual([0, 0, 0, 0, 0, 0, 255, 0, 0, 0, 0, 0]);
  expect(greys(2)).toEqual([0, 0, 0, 255, 0, 0]);
  expect(slices.planes.map(({ words }) => words.textContent)).toEqual(["axial 2 of 3", "coronal 2 of 2", "sagittal 3 of 4"]);
});

it("moves through the volume with its sliders", async () => {
  await show(levels(14));
  const { choose, canvas } = slices.planes[0];
  expect(choose.max).toBe("2");
  choose.value = "2";
  choose.dispatchEvent(new Event("input"));
  await frame();
  expect(greys(0)).toEqual(Array(8).fill(0));
  expect(canvas.getAttribute("aria-label")).toBe("axial 3 of 3");
});

it("points at a place in all planes with one click", async () => {
  await show(levels(14));
  const { canvas } = slices.planes[0];
  canvas.getBoundingClientRect = () => ({ left: 10, top: 20, width: 100, height: 50 });
  canvas.dispatchEvent(new MouseEvent("pointerdown", { clientX: 109, clientY: 21 }));
  expect(slices.at).toEqual([1, 0, 3]);
});

it("stretches the window of values over black to white, whichever slider is higher", async () => {
  await show(Array(24).fill(32768));
  expect(greys(0)[0]).toBe(128);
  expect(slices.window.textContent).toBe("-100 … 100");
  slices.low.value = "1000";
  slices.high.value = "500";
  slices.high.dispatchEvent(new Event("input"));
  await frame();
  expect(slices.window.textContent).toBe("0 … 100");
  expect(greys(0)[0]).toBe(0);
});

it("asks for another channel where there are several", async () => {
  await show(levels(14), { channels: 2 });
  expect(slices.channel.hidden).toBe(false);
  slices.channel.value = "1";
  slices.channel.dispatchEvent(new Event("change"));
  expect(asked.at(-1)).toEqual([5, 1, 1]);
});

it("says that it shows a part of the voxels only", async () => {
  await show(levels(14), { told: { ...TOLD, shape: [6, 4, 8] } });
  expect(slices.note.textContent).toBe("Of each 2 voxels one is shown.");
  expect(slices.channel.hidden).toBe(true);
});

it("says what is wrong with a volume", async () => {
  const volume = async () => Promise.reject(new Error("it is cut off"));
  slices = new Slices({ volume }, 5, 1, [...SIZE, 1]);
  await vi.waitFor(() => expect(slices.note.textContent).toBe("it is cut off"));
  expect(slices.note.className).toContain("zoo-bad");
});
