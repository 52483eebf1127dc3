/** What the panel knows: the states of all kernels that have something to tell, asked for while it is looked at. */
import { ServerConnection } from '@jupyterlab/services';
import { VDomModel } from '@jupyterlab/ui-components';
import { Poll } from '@lumino/polling';

import { fetchKernelStates, IRequest, postRequest } from './api';
import { IKernelState } from './state';

const LONGEST = 60000;

/** Polls the server while the panel is shown and the page is not hidden. */
export class PanelModel extends VDomModel {
  constructor(settings: ServerConnection.ISettings, interval = 2000) {
    super();
    this._settings = settings;
    this._poll = new Poll({
      auto: false,
      factory: () => this._ask(),
      frequency: { interval, backoff: true, max: LONGEST },
      name: 'zoo-lab:panel',
      standby: 'when-hidden'
    });
  }

  /** The states, those of the kernel `first` before the others. */
  states(first: string | null): IKernelState[] {
    const rank = (state: IKernelState) => (state.kernel === first ? 0 : 1);
    return [...(this._states ?? [])].sort((a, b) => rank(a) - rank(b));
  }

  /** What one kernel wrote last, or null. */
  state(kernel: string | null): IKernelState | null {
    return this._states?.find(state => state.kernel === kernel) ?? null;
  }

  /** Whether the server has answered yet. */
  get isReady(): boolean {
    return this._states !== null;
  }

  /** Why nothing can be shown, "" when all is well. */
  get problem(): 'missing' | 'silent' | '' {
    return this._problem;
  }

  /** How long the pause between two questions is, in milliseconds. */
  set interval(milliseconds: number) {
    this._poll.frequency = { ...this._poll.frequency, interval: milliseconds };
  }

  /** Ask from now on, or no more. */
  watch(on: boolean): void {
    this._watched = on;
    void (on ? this._poll.refresh() : this._poll.stop());
  }

  /** Ask once, now, and resolve with the answer in place. */
  async refresh(): Promise<void> {
    await this._ask().catch(() => undefined);
  }

  /** Leave a request with a kernel and look soon what came of it; what went wrong is returned, "" if nothing. */
  async request(kernel: string, request: IRequest): Promise<string> {
    try {
      await postRequest(this._settings, kernel, request);
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
    if (this._watched) {
      await this._poll.schedule({ phase: 'refreshed', interval: 500 });
    }
    return '';
  }

  override dispose(): void {
    if (!this.isDisposed) {
      this._poll.dispose();
      super.dispose();
    }
  }

  private async _ask(): Promise<void> {
    try {
      this._set(await fetchKernelStates(this._settings), '');
    } catch (error) {
      const missing = error instanceof ServerConnection.ResponseError && error.response.status === 404;
      this._set(this._states, missing ? 'missing' : 'silent');
      throw error;
    }
  }

  private _set(states: IKernelState[] | null, problem: 'missing' | 'silent' | ''): void {
    const before = JSON.stringify([this._states, this._problem]);
    this._states = states;
    this._problem = problem;
    if (!this.isDisposed && JSON.stringify([states, problem]) !== before) {
      this.stateChanged.emit();
    }
  }

  private _poll: Poll;
  private _problem: 'missing' | 'silent' | '' = '';
  private _settings: ServerConnection.ISettings;
  private _states: IKernelState[] | null = null;
  private _watched = false;
}
