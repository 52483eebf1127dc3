/** Running sums of a growing column, so that the mean of any stretch of it costs nothing. */

class Sums {
  constructor(numbers) {
    this.numbers = numbers;
    this.totals = [0];
    this.counts = [0];
    this.shares = new Map(); // number → how often it has come by then
  }

  update() {
    for (let index = this.totals.length - 1; index < this.numbers.length; index++) {
      const number = this.numbers[index];
      const finite = Number.isFinite(number);
      this.totals.push(this.totals[index] + (finite ? number : 0));
      this.counts.push(this.counts[index] + (finite ? 1 : 0));
    }
    return this;
  }

  /** The sum of the finite numbers of the rows `from` to `to`. */
  total(from, to) {
    return this.totals[to] - this.totals[from];
  }

  /** How many of those rows have a finite number. */
  count(from, to) {
    return this.counts[to] - this.counts[from];
  }

  /** How many of those rows hold `number`. */
  equal(number, from, to) {
    if (!this.shares.has(number)) this.shares.set(number, [0]);
    const seen = this.shares.get(number);
    for (let index = seen.length - 1; index < this.numbers.length; index++) {
      seen.push(seen[index] + (this.numbers[index] === number ? 1 : 0));
    }
    return seen[to] - seen[from];
  }
}

const kept = new WeakMap();

/** The running sums of an array that only grows, up to date. */
export function sumsOf(numbers) {
  if (!kept.has(numbers)) kept.set(numbers, new Sums(numbers));
  return kept.get(numbers).update();
}

/** The rows [from, to] of ascending `iterations` that fall into each of `columns`, where `place` puts them. */
export function rowsOfColumns(iterations, columns, place) {
  const first = (column) => {
    let [low, high] = [0, iterations.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (place(iterations[middle]) < column) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  const begins = Array.from({ length: columns + 1 }, (_, column) => first(column));
  return Array.from({ length: columns }, (_, column) => [begins[column], begins[column + 1]]);
}
