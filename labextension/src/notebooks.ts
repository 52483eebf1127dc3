/** Finds the notebook of a kernel, shows a cell of it, and puts new cells into the one in front. */
import { JupyterFrontEnd } from '@jupyterlab/application';
import { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';

/** The notebooks that are open in this page. */
export class Notebooks {
  constructor(
    private _app: Pick<JupyterFrontEnd, 'commands' | 'shell'>,
    private _tracker: INotebookTracker | null
  ) {}

  /** The id of the kernel of the notebook in front, or null. */
  get currentKernel(): string | null {
    return this._tracker?.currentWidget?.sessionContext.session?.kernel?.id ?? null;
  }

  /** The open notebook whose kernel is `kernel`, or null. */
  find(kernel: string): NotebookPanel | null {
    const mine = (panel: NotebookPanel) => panel.sessionContext.session?.kernel?.id === kernel;
    return this._tracker?.find(mine) ?? null;
  }

  /** Bring the notebook of `kernel` to the front, at the cell `cell` where it still is there; false if none is open. */
  async reveal(kernel: string, cell: string | null = null): Promise<boolean> {
    const panel = this.find(kernel);
    if (!panel) {
      return false;
    }
    this._app.shell.activateById(panel.id);
    const notebook = panel.content;
    const index = notebook.widgets.findIndex(each => each.model.id === cell);
    if (index >= 0) {
      notebook.activeCellIndex = index;
      await notebook.scrollToItem(index, 'smart');
    }
    return true;
  }

  /** Put a cell below the active one of the notebook in front, in a new notebook where there is none, and maybe run it. */
  async insert(source: string, run = false): Promise<void> {
    const { commands } = this._app;
    if (!this._tracker?.currentWidget) {
      const made = await commands.execute('notebook:create-new', { kernelName: 'python3' });
      await made?.context?.ready;
    }
    const panel = this._tracker?.currentWidget;
    if (!panel) {
      return;
    }
    this._app.shell.activateById(panel.id);
    const active = panel.content.activeCell;
    if (!active || active.model.sharedModel.getSource().trim()) {
      await commands.execute('notebook:insert-cell-below');
    }
    panel.content.activeCell?.model.sharedModel.setSource(source);
    if (run) {
      await commands.execute('notebook:run-cell');
    }
  }

  /** Whether a cell of the notebook in front loads zoo_lab. */
  get loadsZooLab(): boolean {
    const cells = this._tracker?.currentWidget?.content.widgets ?? [];
    return cells.some(cell => /^\s*%(re)?load_ext\s+zoo_lab/m.test(cell.model.sharedModel.getSource()));
  }
}
