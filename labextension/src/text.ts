/** The words of the status item: pure functions of a kernel's state. */
import { TranslationBundle } from '@jupyterlab/translation';

import { sparkUi } from './sparkui';
import { currentContext, currentRun, IContextState, IKernelState, IRunState } from './state';

/** The one line in the status bar; empty where there is no context. */
export function statusText(state: IKernelState, trans: TranslationBundle): string {
  const context = currentContext(state);
  if (!context) {
    return '';
  }
  const run = currentRun(state);
  const doing = run ? runProgress(run, trans) : [contextWord(context, trans)];
  return `zoo_lab: ${known([context.master, slots(context, trans), ...doing]).join(' · ')}`;
}

/** The lines of the tooltip, in a page whose server is at `baseUrl`. */
export function statusDetails(state: IKernelState, trans: TranslationBundle, baseUrl: string): string {
  const context = currentContext(state);
  const run = currentRun(state) ?? state.runs[state.runs.length - 1];
  const lines = [...(context ? contextLines(context, trans, baseUrl) : []), ...(run ? runLines(run, trans) : [])];
  return lines.join('\n');
}

/** A duration as a person would say it: "41 s", "3 min", "1 h 5 min". */
export function duration(seconds: number, trans: TranslationBundle): string {
  const whole = Math.ceil(seconds);
  const minutes = Math.round(whole / 60);
  if (whole < 60) {
    return trans.__('%1 s', whole);
  }
  if (minutes < 60) {
    return trans.__('%1 min', minutes);
  }
  return trans.__('%1 h %2 min', Math.floor(minutes / 60), minutes % 60);
}

function known(parts: (string | null)[]): string[] {
  return parts.filter((part): part is string => !!part);
}

function runProgress(run: IRunState, trans: TranslationBundle): (string | null)[] {
  const begun = run.epochs > 0;
  if (run.state === 'paused') {
    return [trans.__('paused in epoch %1/%2', run.epoch, run.epochs)];
  }
  return [
    begun ? trans.__('epoch %1/%2', run.epoch, run.epochs) : trans.__('starting'),
    run.eta_seconds === null ? null : trans.__('%1 left', duration(run.eta_seconds, trans))
  ];
}

function slots(context: IContextState, trans: TranslationBundle): string | null {
  const { slots: all, usage } = context;
  if (all === null || !usage) {
    return all === null ? null : trans._n('%1 slot', '%1 slots', all);
  }
  const busy = usage.executors.reduce((sum, executor) => sum + executor.busy, 0);
  return trans._n('%2/%1 slot busy', '%2/%1 slots busy', all, Math.min(busy, all));
}

/** What a context is at, in a word. */
export function contextWord(context: IContextState, trans: TranslationBundle): string | null {
  const words = { starting: trans.__('starting'), warm: trans.__('warm'), cold: trans.__('cold'), stopped: null };
  return context.state && words[context.state];
}

function contextLines(context: IContextState, trans: TranslationBundle, baseUrl: string): string[] {
  const { executors, memory, ui } = context;
  const size = known([
    executors === null ? null : trans._n('%1 executor', '%1 executors', executors),
    slots(context, trans),
    memory === null ? null : trans.__('%1 memory', memory)
  ]);
  return known([
    `${context.app}: ${known([context.master, contextWord(context, trans)]).join(', ')}`,
    size.join(', '),
    ui && trans.__('Spark UI: %1', sparkUi(ui, baseUrl))
  ]);
}

function runLines(run: IRunState, trans: TranslationBundle): string[] {
  const { iteration, iterations, epoch, epochs } = run;
  const numbers = known([
    run.loss === null ? null : trans.__('loss %1', run.loss.toPrecision(4)),
    run.samples_per_second === null ? null : trans.__('%1 samples/s', Math.round(run.samples_per_second))
  ]);
  return known([
    `${run.name}: ${runWord(run, trans)}`,
    epochs > 0 ? trans.__('iteration %1 of %2, epoch %3 of %4', iteration, iterations, epoch, epochs) : null,
    numbers.join(', ')
  ]);
}

/** What a run is at, in a word. */
export function runWord(run: IRunState, trans: TranslationBundle): string {
  const words = {
    running: trans.__('running'),
    paused: trans.__('paused'),
    finished: trans.__('finished'),
    stopped: trans.__('stopped'),
    early: trans.__('stopped early'),
    failed: trans.__('failed')
  };
  return words[run.state];
}
