/** What a kernel says about its contexts and runs, as widgets/board.py writes it. */

/** One of Spark's processes that run tasks; memory is in bytes, of what Spark keeps data in. */
export interface IExecutor {
  id: string;
  host: string;
  cores: number;
  busy: number;
  memory: number;
  memory_used: number;
}

/** How busy a context is. */
export interface IUsage {
  jobs: number;
  executors: IExecutor[];
}

/** A connection of the kernel to a Spark cluster; what is not known yet is null. */
export interface IContextState {
  app: string;
  master: string | null;
  executors: number | null;
  slots: number | null;
  memory: string | null;
  state: 'starting' | 'warm' | 'cold' | 'stopped' | null;
  ui: string | null;
  usage?: IUsage | null;
}

/** A training; `iteration` and `epoch` count from 1, `iterations` and `epochs` are 0 until it has begun. */
export interface IRunState {
  id: string;
  name: string;
  state: 'running' | 'paused' | 'finished' | 'stopped' | 'early' | 'failed';
  iteration: number;
  iterations: number;
  epoch: number;
  epochs: number;
  loss: number | null;
  samples_per_second: number | null;
  eta_seconds: number | null;
  /** The notebook cell that it came from. */
  cell?: string | null;
  best?: { name: string; value: number; epoch: number } | null;
  /** Its loss in a few points. */
  spark?: (number | null)[];
}

/** All that one kernel wrote, oldest context and run first. */
export interface IKernelState {
  version: number;
  kernel: string;
  updated: number;
  contexts: IContextState[];
  runs: IRunState[];
}

/** The context that the kernel uses now: its newest that is not stopped. */
export function currentContext(state: IKernelState): IContextState | null {
  return findLast(state.contexts, context => context.state !== 'stopped');
}

/** The run that is under way: the newest one. */
export function currentRun(state: IKernelState): IRunState | null {
  return findLast(state.runs, isUnderWay);
}

/** Whether the run has not ended. */
export function isUnderWay(run: IRunState): boolean {
  return run.state === 'running' || run.state === 'paused';
}

function findLast<T>(items: T[], wanted: (item: T) => boolean): T | null {
  return items.filter(wanted).pop() ?? null;
}
