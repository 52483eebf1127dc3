/** Kernel states for the tests. */
import { IContextState, IKernelState, IRunState } from '../state';

export function context(values: Partial<IContextState> = {}): IContextState {
  return {
    app: 'digits',
    master: 'local[2]',
    executors: 1,
    slots: 2,
    memory: '4g',
    state: 'warm',
    ui: 'http://127.0.0.1:4040',
    ...values
  };
}

export function run(values: Partial<IRunState> = {}): IRunState {
  return {
    id: 'r1',
    name: 'lenet',
    state: 'running',
    iteration: 30,
    iterations: 100,
    epoch: 2,
    epochs: 5,
    loss: 0.123456,
    samples_per_second: 1234.5,
    eta_seconds: 41,
    ...values
  };
}

export function kernelState(contexts: IContextState[], runs: IRunState[] = [], kernel = 'k1'): IKernelState {
  return { version: 1, kernel, updated: 1, contexts, runs };
}
