/** A run that is not live: its record (widgets/twin.py) as the store that the monitor draws. */

import { Table } from "./store.js";
import { savedWatch } from "./watch.js";

/** Put the run of `record` into `store`, in place of what was there. */
export function showRecord(store, record) {
  store.clear();
  fill(store.rows, record.curves);
  store.rows.columns.iteration = store.rows.get("iteration").map(Math.round); // a thinned point stands for several
  fill(store.epochs, record.epochs);
  store.timings.append(numbersOf(record.timing ?? {}), store.rows.length);
  const lanes = numbersOf(record.lanes ?? {});
  store.lanes.append(lanes, lanes.iteration?.length ?? 0);
  for (const { run, name, begin, curves } of record.beside ?? []) {
    const known = { name, begin, rows: new Table(), kept: {} };
    fill(known.rows, curves);
    store.beside.set(run, known);
  }
  store.watch = savedWatch(record.watch);
  store.rejected = record.rejected ?? [];
  store.marks = (record.marks ?? []).map((mark) => [...mark]);
  store.summary = summaryOf(record);
  store.changed();
}

function fill(table, columns) {
  const { epoch, ...named } = columns ?? {};
  const rows = named.iteration?.length ?? 0;
  table.append(numbersOf(named), rows);
}

function numbersOf(columns) {
  const known = Object.entries(columns).map(([name, numbers]) => [name, numbers.map((number) => number ?? NaN)]);
  return Object.fromEntries(known);
}

function summaryOf(record) {
  const { settings = {}, epochs = {} } = record;
  const done = record.epochs_done ?? (epochs.epoch?.length ? epochs.epoch.at(-1) + 1 : 0);
  const steps = settings.steps_per_epoch ?? 0;
  return {
    run: record.run,
    name: record.name,
    model: settings.model ?? "",
    state: record.state,
    status: record.status ?? record.state,
    notice: record.notice ?? "",
    epoch: done,
    epochs: settings.epochs ?? 0,
    epochsDone: done,
    iteration: record.iterations ?? 0,
    iterations: record.iterations_planned || (settings.epochs ?? 0) * steps,
    stepsPerEpoch: steps,
    elapsed: record.seconds,
    eta: null,
    rate: record.samples_per_second,
    parts: record.parts ?? {},
    knobs: record.knobs ?? {},
    workers: settings.workers ?? 0,
    sync: settings.sync ?? "",
    handled: record.handled ?? {},
    asking: record.asking ?? null,
    kept: record.kept ?? [],
    workersLost: 0,
    lost: record.lost ?? [],
    error: record.error ?? null,
    batchesRejected: 0,
  };
}
