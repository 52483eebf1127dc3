/** Axes: where a value lies on the screen, and which ticks to write beside it. */

/** Smallest and largest finite value (positive ones only, if asked), or null where there is none. */
export function extent(arrays, positiveOnly = false) {
  let low = Infinity;
  let high = -Infinity;
  for (const array of arrays) {
    for (const number of array) {
      if (!Number.isFinite(number) || (positiveOnly && number <= 0)) continue;
      if (number < low) low = number;
      if (number > high) high = number;
    }
  }
  return low <= high ? [low, high] : null;
}

/** The extent with some air around it, so that a flat curve has a height too. */
export function padded([low, high], log = false, share = 0.06) {
  if (log) {
    const air = Math.max(Math.log10(high / low) * share, 0.02);
    return [low / 10 ** air, high * 10 ** air];
  }
  const air = (high - low) * share || Math.abs(high) * 0.1 || 0.5;
  return [low - air, high + air];
}

/** A function from values in `domain` to pixels in `range`; NaN for what a logarithm cannot show. */
export function makeScale(domain, range, log = false) {
  const place = log ? (number) => (number > 0 ? Math.log10(number) : NaN) : (number) => number;
  const [low, high] = domain.map(place);
  const slope = high > low ? (range[1] - range[0]) / (high - low) : 0;
  return (number) => range[0] + (place(number) - low) * slope;
}

/** The value at a pixel: `makeScale` backwards. */
export function inverse(domain, range, log = false) {
  const [low, high] = log ? domain.map(Math.log10) : domain;
  const slope = (high - low) / (range[1] - range[0] || 1);
  return (pixel) => {
    const place = low + (pixel - range[0]) * slope;
    return log ? 10 ** place : place;
  };
}

/** At most about `wanted` round numbers (1, 2 or 5 times a power of ten) within the domain. */
export function linearTicks([low, high], wanted = 5) {
  if (!(high > low)) return [low];
  const rough = (high - low) / Math.max(wanted, 1);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough);
  const ticks = [];
  for (let index = Math.ceil(low / step - 1e-9); index * step <= high + step * 1e-9; index++) {
    ticks.push(Number((index * step).toPrecision(12)));
  }
  return ticks;
}

/** Powers of ten within the domain, with 2 and 5 between them where there is room for them. */
export function logTicks([low, high], wanted = 5) {
  const first = Math.ceil(Math.log10(low) - 1e-9);
  const last = Math.floor(Math.log10(high) + 1e-9);
  const factors = last - first <= 1 ? [1, 2, 5] : [1];
  const every = Math.max(1, Math.ceil((last - first + 1) / (wanted + 1)));
  const ticks = [];
  for (let power = factors.length > 1 ? first - 1 : first; power <= last; power += every) {
    for (const factor of factors) {
      const tick = Number(`${factor}e${power}`);
      if (tick >= low && tick <= high) ticks.push(tick);
    }
  }
  return ticks.length >= 2 ? ticks : linearTicks([low, high], wanted);
}

/** A tick as short text: 1200 as "1.2k", 0.00002 as "2e-5". */
export function tickText(tick) {
  const size = Math.abs(tick);
  if (size === 0) return "0";
  if (size >= 1e6) return `${Number((tick / 1e6).toPrecision(4))}M`;
  if (size >= 1e4) return `${Number((tick / 1e3).toPrecision(4))}k`;
  if (size < 1e-3) return tick.toExponential(1).replace(".0e", "e");
  return String(Number(tick.toPrecision(4)));
}
