/** A lane for each worker: the split of its own time, and grey from where it was lost to where its place works again. */

import { PARTS } from "./parts.js";
import { rowsOfColumns, sumsOf } from "./sums.js";
import { duration } from "./wording.js";

/**
 * What the lanes show in each of `columns` pixel columns, for each worker: in how many rows it has something, and the
 * seconds of its parts in all of them. `place` gives the column of an iteration.
 */
export function laneCells(table, columns, place, workers) {
  const stretches = rowsOfColumns(table.get("iteration"), columns, place);
  return Array.from({ length: workers }, (_, worker) => {
    const names = PARTS.filter((name) => table.names.includes(`${worker} ${name}`));
    const sums = names.map((name) => sumsOf(table.get(`${worker} ${name}`)));
    const cells = stretches.map(([from, to]) => ({
      rows: sums.length ? sums[0].count(from, to) : 0,
      parts: sums.map((sum) => sum.total(from, to)),
    }));
    return { names, cells };
  });
}

/** Where a worker was missing: [first iteration, the one at which its place works again, or Infinity] for each loss. */
export function gaps(table, lost, worker) {
  const iterations = table.get("iteration");
  const seconds = table.get(`${worker} compute`);
  const back = (from) => iterations.find((iteration, row) => iteration >= from && Number.isFinite(seconds[row])) ?? Infinity;
  return lost.filter(([, who]) => who === worker).map(([iteration]) => [iteration, back(iteration)]);
}

/** What was lost, as words: "worker 1 on node-7 at iteration 12, done again". */
export function lostWords(lost) {
  return lost.slice(-3).map(([iteration, worker, who]) => `${who ?? `worker ${worker}`} lost at iteration ${iteration}, done again`);
}

/** The mean split of each worker, as words. */
export function laneWords(lanes) {
  return lanes.flatMap(({ names, cells }, worker) => {
    const rows = cells.reduce((sum, cell) => sum + cell.rows, 0);
    if (!rows) return [];
    const mean = (part) => cells.reduce((sum, cell) => sum + cell.parts[part], 0) / rows;
    return [`worker ${worker} ${names.map((name, part) => `${name} ${duration(mean(part))}`).join(" ")}`];
  });
}
