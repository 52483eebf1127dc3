import { INotebookTracker } from '@jupyterlab/notebook';
import { Signal } from '@lumino/signaling';
import { expect, it } from 'vitest';

import { KernelFollower } from '../follow';
import { IWatchedKernel } from '../model';

class Notebook {
  kernel: { id: string; status: string } | null;
  readonly sessionContext: any;

  constructor(id: string | null) {
    this.kernel = id ? { id, status: 'idle' } : null;
    const notebook = this;
    this.sessionContext = {
      kernelChanged: new Signal<object, void>(this),
      statusChanged: new Signal<object, void>(this),
      get session() {
        return { kernel: notebook.kernel };
      }
    };
  }
}

class Tracker {
  currentWidget: Notebook | null = null;
  readonly currentChanged = new Signal<this, Notebook | null>(this);

  open(notebook: Notebook | null): void {
    this.currentWidget = notebook;
    this.currentChanged.emit(notebook);
  }
}

function follow(tracker: Tracker): { told: (IWatchedKernel | null)[]; follower: KernelFollower } {
  const told: (IWatchedKernel | null)[] = [];
  const follower = new KernelFollower(tracker as unknown as INotebookTracker, kernel => told.push(kernel));
  return { told, follower };
}

it('tells of each notebook that comes to the front, and of none', () => {
  const tracker = new Tracker();
  const { told } = follow(tracker);
  tracker.open(new Notebook('k1'));
  tracker.open(new Notebook(null));
  tracker.open(null);
  expect(told).toEqual([null, { id: 'k1', busy: false }, null, null]);
});

it('tells when the kernel is replaced or begins to compute', () => {
  const tracker = new Tracker();
  const notebook = new Notebook('k1');
  tracker.open(notebook);
  const { told } = follow(tracker);
  notebook.kernel = { id: 'k2', status: 'idle' };
  notebook.sessionContext.kernelChanged.emit(undefined);
  notebook.kernel = { id: 'k2', status: 'busy' };
  notebook.sessionContext.statusChanged.emit(undefined);
  expect(told.slice(1)).toEqual([
    { id: 'k2', busy: false },
    { id: 'k2', busy: true }
  ]);
});

it('lets go of the notebook that was left, and of all when disposed', () => {
  const tracker = new Tracker();
  const [left, current] = [new Notebook('k1'), new Notebook('k2')];
  tracker.open(left);
  const { told, follower } = follow(tracker);
  tracker.open(current);
  left.sessionContext.statusChanged.emit(undefined);
  expect(told).toHaveLength(2);
  follower.dispose();
  current.sessionContext.statusChanged.emit(undefined);
  tracker.open(null);
  expect(told).toHaveLength(2);
});
