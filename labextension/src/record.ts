/** A run as it is saved in a notebook and served for a tab (widgets/twin.py), and how it is drawn: by the cell's monitor. */
import { MonitorView } from '../../zoo_lab/widgets/static/monitor_view.js';
import { showRecord } from '../../zoo_lab/widgets/static/saved.js';
import { RunStore } from '../../zoo_lab/widgets/static/store.js';

/** The MIME type of a saved run. */
export const RUN_MIME = 'application/vnd.zoo-lab.run+json';

/** What is read of a saved run here; the rest is the monitor's. */
export interface IRecord {
  version: number;
  run: string;
  name: string;
  state: string;
  /** The id of the kernel that had the run's kept weights, "" for none. */
  kernel?: string;
  kept?: number[];
  curves?: Record<string, (number | null)[]>;
}

/** Whether `data` is a saved run that this version can draw. */
export function isRecord(data: unknown): data is IRecord {
  const record = data as Partial<IRecord> | null;
  return typeof record === 'object' && record?.version === 1 && typeof record.run === 'string';
}

/** Draws one run in an element of its own; `show` as often as there is a newer record. */
export class RecordView {
  /** Its buttons reach the run where `kernel` is the id of the kernel that has it; "" draws it without them. */
  constructor(public kernel = '') {
    this._store.still = true;
    const traits: Record<string, () => string> = { run_id: () => this._run, kernel_id: () => this.kernel };
    const model = { get: (name: string) => traits[name](), send: () => undefined };
    this._view = new MonitorView(model, this._store);
  }

  get element(): HTMLElement {
    return this._view.element;
  }

  /** Draw `record` in place of what was there. */
  show(record: IRecord): void {
    this._run = record.run;
    showRecord(this._store, record);
    this._disconnect ??= this._view.connect();
  }

  dispose(): void {
    this._disconnect?.();
    this._disconnect = null;
  }

  private _disconnect: (() => void) | null = null;
  private _run = '';
  private _store = new RunStore();
  private _view: MonitorView;
}
