/** Draws the runs that are saved in notebooks, also where no kernel is: the picture's interactive twin. */
import { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import { ServerConnection } from '@jupyterlab/services';
import { Widget } from '@lumino/widgets';

import { fetchRecord } from './api';
import { IRecord, isRecord, RecordView, RUN_MIME } from './record';

const OVER = ['finished', 'stopped', 'early', 'failed'];

/**
 * What a notebook that was saved in mid-run shows in place of the monitor, which is gone: the same rules as in
 * widgets/cell.py, since this takes the place of that output's picture.
 */
export function rulesInMidRun(run: string): string {
  const id = run.replace(/["\\]/g, '\\$&');
  const twin = `.jp-OutputArea-child:has(.zoo-twin[data-run="${id}"])`;
  return (
    `body:has(.zoo-monitor[data-run="${id}"]) ${twin}{display:none}` +
    `.jp-OutputArea-child:has(+ ${twin}):not(:has(.zoo-monitor)){display:none}`
  );
}

/** One saved run in a notebook's output. */
export class SavedRun extends Widget implements IRenderMime.IRenderer {
  constructor() {
    super();
    this.addClass('jp-ZooLab-SavedRun');
    this.node.append(this._style);
  }

  override dispose(): void {
    this._view.dispose();
    super.dispose();
  }

  async renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    const record: unknown = model.data[RUN_MIME];
    if (!isRecord(record)) {
      this.node.textContent = String(model.data['text/plain'] ?? 'A run of a newer zoo_lab.');
      return;
    }
    this._mark(record);
    if (isShownLive(record.run) || !hasBegun(record)) {
      this._view.element.remove();
      return;
    }
    this.node.append(this._view.element);
    this._view.show(record);
    await this._reach(record);
  }

  /** Let a branch be asked for where the kernel still has the run; a notebook that was opened later has none. */
  private async _reach(record: IRecord): Promise<void> {
    if (this._view.kernel || !record.kernel || !record.kept?.length || !OVER.includes(record.state)) {
      return;
    }
    try {
      await fetchRecord(ServerConnection.makeSettings(), record.kernel, record.run);
    } catch {
      return;
    }
    this._view.kernel = record.kernel;
    this._view.show(record);
  }

  private _mark(record: IRecord): void {
    const midRun = !OVER.includes(record.state);
    this.node.classList.toggle('zoo-twin', midRun);
    this.node.dataset.run = record.run;
    this._style.textContent = midRun ? rulesInMidRun(record.run) : '';
  }

  private _style = document.createElement('style');
  private _view = new RecordView();
}

/** Whether the page holds the run's own monitor: then nobody sees this one. */
function isShownLive(run: string): boolean {
  const monitors = Array.from(document.querySelectorAll<HTMLElement>('.zoo-monitor'));
  return monitors.some(monitor => monitor.dataset.run === run);
}

/** Whether there is anything to draw: before that the live monitor is still on its way. */
function hasBegun(record: IRecord): boolean {
  return OVER.includes(record.state) || !!record.curves?.iteration?.length;
}

const extension: IRenderMime.IExtension = {
  id: 'zoo-lab:saved-run',
  description: 'Draws the runs of zoo_lab that are saved in notebooks.',
  rendererFactory: {
    safe: true,
    mimeTypes: [RUN_MIME],
    defaultRank: 40, // before the bundle's HTML, SVG and text
    createRenderer: () => new SavedRun()
  },
  dataType: 'json'
};

export default extension;
