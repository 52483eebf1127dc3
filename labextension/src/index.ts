/** The JupyterLab extension of zoo_lab. Each token is optional, since Notebook 7 has no status bar. */
import { ILayoutRestorer, JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { ILauncher } from '@jupyterlab/launcher';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IStatusBar } from '@jupyterlab/statusbar';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { Commands } from './commands';
import { KernelFollower } from './follow';
import { StatusItem } from './item';
import { StatusModel } from './model';
import { LinkMender } from './sparkui';
import { openWorkbench, WORKBENCH } from './workbench';

const status: JupyterFrontEndPlugin<void> = {
  id: 'zoo-lab:status',
  description: 'Shows the Spark context and the running training of the current notebook in the status bar.',
  autoStart: true,
  optional: [IStatusBar, INotebookTracker, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    statusBar: IStatusBar | null,
    tracker: INotebookTracker | null,
    translator: ITranslator | null
  ) => {
    if (!statusBar || !tracker) {
      return;
    }
    const trans = (translator ?? nullTranslator).load('zoo_lab');
    const model = new StatusModel(app.serviceManager.serverSettings);
    const { baseUrl } = app.serviceManager.serverSettings;
    const item = new StatusItem(model, trans, baseUrl, () => void app.commands.execute(Commands.showPanel));
    const follower = new KernelFollower(tracker, kernel => model.watch(kernel));
    const registered = statusBar.registerStatusItem(status.id, {
      item,
      align: 'left',
      rank: 200,
      isActive: () => item.isActive,
      activeStateChanged: model.stateChanged
    });
    item.disposed.connect(() => {
      follower.dispose();
      registered.dispose();
    });
  }
};

const sparkUi: JupyterFrontEndPlugin<void> = {
  id: 'zoo-lab:spark-ui',
  description: "Leads links to a context's Spark UI through the Jupyter server where the page comes from elsewhere.",
  autoStart: true,
  optional: [ITranslator],
  activate: (app: JupyterFrontEnd, translator: ITranslator | null) => {
    const trans = (translator ?? nullTranslator).load('zoo_lab');
    const note = trans.__('Needs jupyter-server-proxy on the server; on its own machine the Spark UI is at');
    new LinkMender(document.body, app.serviceManager.serverSettings.baseUrl, note);
  }
};

const workbench: JupyterFrontEndPlugin<void> = {
  id: WORKBENCH,
  description: 'Shows contexts and runs of all notebooks in a panel, and adds commands for them.',
  autoStart: true,
  optional: [INotebookTracker, ICommandPalette, ILauncher, ILayoutRestorer, ISettingRegistry, ITranslator],
  activate: openWorkbench
};

export default [status, sparkUi, workbench];
