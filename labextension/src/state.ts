/** What a kernel says about its contexts and runs, and how the page asks the server for it. */
import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

/** A connection of the kernel to a Spark cluster; what is not known yet is null. */
export interface IContextState {
  app: string;
  master: string | null;
  executors: number | null;
  slots: number | null;
  memory: string | null;
  state: 'starting' | 'warm' | 'cold' | 'stopped' | null;
  ui: string | null;
}

/** A training; `iteration` and `epoch` count from 1, `iterations` and `epochs` are 0 until it has begun. */
export interface IRunState {
  id: string;
  name: string;
  state: 'running' | 'finished' | 'stopped' | 'early' | 'failed';
  iteration: number;
  iterations: number;
  epoch: number;
  epochs: number;
  loss: number | null;
  samples_per_second: number | null;
  eta_seconds: number | null;
}

/** All that one kernel wrote, oldest context and run first. */
export interface IKernelState {
  version: number;
  kernel: string;
  updated: number;
  contexts: IContextState[];
  runs: IRunState[];
}

/** Ask the server for the states of its live kernels; rejects when it does not answer with them. */
export async function fetchKernelStates(
  settings: ServerConnection.ISettings
): Promise<IKernelState[]> {
  const url = URLExt.join(settings.baseUrl, 'zoo-lab', 'api', 'kernels');
  const init = { cache: 'no-store' as const };
  const response = await ServerConnection.makeRequest(url, init, settings);
  if (!response.ok) {
    throw new ServerConnection.ResponseError(response);
  }
  return (await response.json()).kernels;
}

/** The context that the kernel uses now: its newest that is not stopped. */
export function currentContext(state: IKernelState): IContextState | null {
  return findLast(state.contexts, context => context.state !== 'stopped');
}

/** The run that is under way: the newest one. */
export function currentRun(state: IKernelState): IRunState | null {
  return findLast(state.runs, run => run.state === 'running');
}

function findLast<T>(items: T[], wanted: (item: T) => boolean): T | null {
  return items.filter(wanted).pop() ?? null;
}
