/** Lowest and highest of each block of 16, 256, 4,096 … numbers of a growing column, so that long ones are drawn fast. */

const FACTOR = 16;

/** The blocks of one column; numbers that are not finite count for nothing. */
export class Pyramid {
  constructor(numbers) {
    this.numbers = numbers;
    this.levels = []; // the first of blocks of 16: each {low, high, positive}, the latter the lowest number above 0
    this.known = 0;
  }

  /** Take in what the column has got since; only whole blocks are kept. */
  update() {
    const { numbers } = this;
    for (; this.known + FACTOR <= numbers.length; this.known += FACTOR) {
      this.add(0, summed(numbers, numbers, numbers, this.known));
    }
    return this;
  }

  add(depth, block) {
    const level = (this.levels[depth] ??= { low: [], high: [], positive: [] });
    for (const name of Object.keys(level)) level[name].push(block[name]);
    const count = level.low.length;
    if (count % FACTOR === 0) this.add(depth + 1, summed(level.low, level.high, level.positive, count - FACTOR));
  }

  /** The block of `size` numbers that begins at `index`, a multiple of it; one of a single number too. */
  block(index, size) {
    if (size === 1) return one(this.numbers[index]);
    const level = this.levels[Math.round(Math.log(size) / Math.log(FACTOR)) - 1];
    const at = index / size;
    return { low: level.low[at], high: level.high[at], positive: level.positive[at] };
  }

  /** The size of the largest block that begins at `index`, ends before `to` and `fits`. */
  sizeAt(index, to, fits = () => true) {
    let size = 1;
    while (index % (size * FACTOR) === 0 && index + size * FACTOR <= Math.min(to, this.known) && fits(size * FACTOR)) size *= FACTOR;
    return size;
  }

  /** Lowest and highest of the numbers `from` to `to`, positive ones only if asked; null where there is none. */
  extent(from = 0, to = this.numbers.length, positiveOnly = false) {
    let low = Infinity;
    let high = -Infinity;
    for (let index = from; index < to; ) {
      const size = this.sizeAt(index, to);
      const block = this.block(index, size);
      low = Math.min(low, positiveOnly ? block.positive : block.low);
      high = Math.max(high, block.high);
      index += size;
    }
    return low <= high ? [low, high] : null;
  }
}

const pyramids = new WeakMap();

/** The pyramid of an array that only grows, up to date. */
export function pyramidOf(numbers) {
  if (!pyramids.has(numbers)) pyramids.set(numbers, new Pyramid(numbers));
  return pyramids.get(numbers).update();
}

function one(number) {
  const finite = Number.isFinite(number);
  return { low: finite ? number : Infinity, high: finite ? number : -Infinity, positive: finite && number > 0 ? number : Infinity };
}

/** The sixteen entries from `start` on as one block. */
function summed(lows, highs, positives, start) {
  const block = { low: Infinity, high: -Infinity, positive: Infinity };
  for (let index = start; index < start + FACTOR; index++) {
    if (Number.isFinite(lows[index]) && lows[index] < block.low) block.low = lows[index];
    if (Number.isFinite(highs[index]) && highs[index] > block.high) block.high = highs[index];
    if (positives[index] > 0 && positives[index] < block.positive) block.positive = positives[index];
  }
  return block;
}
