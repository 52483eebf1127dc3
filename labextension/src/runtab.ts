/** A run in a tab of its own, which stays up to date while the run is under way. */
import { ServerConnection } from '@jupyterlab/services';
import { Poll } from '@lumino/polling';
import { Widget } from '@lumino/widgets';

import { fetchRecord } from './api';
import { RecordView } from './record';

const OVER = ['finished', 'stopped', 'early', 'failed'];

/** Asks the server for the run's record every two seconds until the run is over for good, not while the page is hidden. */
export class RunTab extends Widget {
  constructor(settings: ServerConnection.ISettings, kernel: string, run: string, unknown: string) {
    super();
    this.addClass('jp-ZooLab-RunTab');
    this._view = new RecordView(kernel);
    this._note.className = 'jp-ZooLab-Empty';
    this.node.append(this._note, this._view.element);
    this._view.element.hidden = true;
    this._poll = new Poll({
      auto: true,
      factory: async () => {
        try {
          this._show(await fetchRecord(settings, kernel, run));
        } catch (error) {
          this._note.textContent = this._view.element.hidden ? unknown : '';
          throw error;
        }
      },
      frequency: { interval: 2000, backoff: true, max: 60000 },
      name: 'zoo-lab:run',
      standby: 'when-hidden'
    });
  }

  override dispose(): void {
    if (!this.isDisposed) {
      this._poll.dispose();
      this._view.dispose();
      super.dispose();
    }
  }

  private _show(record: Awaited<ReturnType<typeof fetchRecord>>): void {
    if (this.isDisposed) {
      return;
    }
    this._note.textContent = '';
    this._view.element.hidden = false;
    this._view.show(record);
    if (OVER.includes(record.state) && !record.kept?.length) {
      void this._poll.stop();
    }
  }

  private _note = document.createElement('p');
  private _poll: Poll;
  private _view: RecordView;
}
