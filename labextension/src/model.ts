/** Keeps the state of the kernel of the current notebook up to date. */
import { ServerConnection } from '@jupyterlab/services';
import { VDomModel } from '@jupyterlab/ui-components';
import { Poll, Throttler } from '@lumino/polling';

import { fetchKernelStates } from './api';
import { currentContext, currentRun, IKernelState } from './state';

/** The kernel that is being watched, and whether it computes. */
export interface IWatchedKernel {
  id: string;
  busy: boolean;
}

const LIVELY = 2000;
const IDLE = 10000;
const LONGEST = 60000;

/**
 * Polls the server while a kernel is watched: every two seconds while it computes or holds a context,
 * more rarely otherwise, not at all while the page is hidden.
 */
export class StatusModel extends VDomModel {
  constructor(settings: ServerConnection.ISettings) {
    super();
    this._poll = new Poll({
      auto: false,
      factory: async () => {
        if (this._kernel) {
          this._receive(await fetchKernelStates(settings));
        }
      },
      frequency: { interval: LIVELY, backoff: true, max: LONGEST },
      name: 'zoo-lab:status',
      standby: 'when-hidden'
    });
    this._refresh = new Throttler(() => this._poll.refresh(), { limit: 500, edge: 'trailing' });
  }

  /** What the watched kernel wrote last; null where it wrote nothing or none is watched. */
  get state(): IKernelState | null {
    return this._state;
  }

  /** The pause until the next question, in milliseconds. */
  get interval(): number {
    return this._poll.frequency.interval;
  }

  /** Watch `kernel` from now on; null stops the questions. */
  watch(kernel: IWatchedKernel | null): void {
    if (kernel?.id !== this._kernel?.id) {
      this._set(null);
    }
    this._kernel = kernel;
    if (kernel) {
      void this._refresh.invoke();
    } else {
      void this._refresh.stop();
      void this._poll.stop();
    }
  }

  override dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this._refresh.dispose();
    this._poll.dispose();
    super.dispose();
  }

  private _receive(states: IKernelState[]): void {
    if (this.isDisposed || !this._kernel) {
      return;
    }
    const id = this._kernel.id;
    this._set(states.find(state => state.kernel === id) ?? null);
    this._poll.frequency = { ...this._poll.frequency, interval: this._pause() };
  }

  private _pause(): number {
    const holds = this._state && (currentContext(this._state) || currentRun(this._state));
    return holds || this._kernel?.busy ? LIVELY : IDLE;
  }

  private _set(state: IKernelState | null): void {
    const changed = JSON.stringify(state) !== JSON.stringify(this._state);
    this._state = state;
    if (changed) {
      this.stateChanged.emit();
    }
  }

  private _kernel: IWatchedKernel | null = null;
  private _poll: Poll;
  private _refresh: Throttler;
  private _state: IKernelState | null = null;
}
