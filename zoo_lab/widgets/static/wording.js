/** Numbers as people read them; the same words as widgets/wording.py. */

/** Seconds as "850 ms", "12 s", "1 min 05 s" or "2 h 03 min"; "–" where unknown. */
export function duration(seconds) {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return "–";
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  const two = (number) => String(number).padStart(2, "0");
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  return `${Math.floor(whole / 3600)} h ${two(Math.floor((whole % 3600) / 60))} min`;
}

/** Seconds to the end: counted down between packets, so nobody knows fractions of the last one. */
export function remaining(seconds) {
  return seconds !== null && seconds < 1 ? "< 1 s" : duration(seconds);
}

/** A loss or metric in four significant digits. */
export function value(number) {
  if (number === null || number === undefined || Number.isNaN(number)) return "–";
  if (!Number.isFinite(number)) return number > 0 ? "∞" : "-∞";
  const size = Math.abs(number);
  if (size !== 0 && (size < 1e-4 || size >= 1e6)) return number.toExponential(2);
  return String(Number(number.toPrecision(4)));
}

/** A whole number with thousands separated. */
export function count(number) {
  return Math.round(number).toLocaleString("en-US");
}

/** Samples per second, without the unit. */
export function rate(perSecond) {
  if (perSecond === null || perSecond === undefined || !Number.isFinite(perSecond)) return "–";
  return perSecond >= 100 ? count(perSecond) : perSecond.toFixed(1);
}

/** "val_mean_absolute_error" as "val mean absolute error". */
export function label(name) {
  return name.replaceAll("_", " ");
}
