/** Tells which kernel the current notebook has, whenever that changes. */
import { ISessionContext } from '@jupyterlab/apputils';
import { INotebookTracker } from '@jupyterlab/notebook';
import { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';

import { IWatchedKernel } from './model';

/** Calls `tell` with the kernel of the current notebook, at once and on each change, until disposed. */
export class KernelFollower implements IDisposable {
  constructor(tracker: INotebookTracker, tell: (kernel: IWatchedKernel | null) => void) {
    this._tell = tell;
    tracker.currentChanged.connect(this._onNotebook, this);
    this._onNotebook(tracker);
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    Signal.clearData(this);
  }

  private _onNotebook(tracker: INotebookTracker): void {
    this._context?.kernelChanged.disconnect(this._onKernel, this);
    this._context?.statusChanged.disconnect(this._onKernel, this);
    this._context = tracker.currentWidget?.sessionContext ?? null;
    this._context?.kernelChanged.connect(this._onKernel, this);
    this._context?.statusChanged.connect(this._onKernel, this);
    this._onKernel();
  }

  private _onKernel(): void {
    const kernel = this._context?.session?.kernel;
    this._tell(kernel ? { id: kernel.id, busy: kernel.status === 'busy' } : null);
  }

  private _context: ISessionContext | null = null;
  private _isDisposed = false;
  private _tell: (kernel: IWatchedKernel | null) => void;
}
