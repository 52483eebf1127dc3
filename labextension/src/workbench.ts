/** Puts panel, commands, launcher card and settings into JupyterLab. Each token is optional, as Notebook 7 lacks some. */
import { ILayoutRestorer, JupyterFrontEnd } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { ILauncher } from '@jupyterlab/launcher';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator, nullTranslator, TranslationBundle } from '@jupyterlab/translation';

import { addCommands, Commands } from './commands';
import { zooIcon } from './icons';
import { Notebooks } from './notebooks';
import { IPanelActions, ZooPanel } from './panel';
import { PanelModel } from './panelmodel';
import { snippets } from './snippets';

const PANEL = 'zoo-lab-panel';

/** The id of the plugin, and so of its settings. */
export const WORKBENCH = 'zoo-lab:panel';

/** Open the workbench in `app` with what there is of the rest; what index.ts's plugin calls. */
export function openWorkbench(
  app: JupyterFrontEnd,
  tracker: INotebookTracker | null,
  palette: ICommandPalette | null,
  launcher: ILauncher | null,
  restorer: ILayoutRestorer | null,
  settings: ISettingRegistry | null,
  translator: ITranslator | null
): void {
  const trans = (translator ?? nullTranslator).load('zoo_lab');
  const { serverSettings } = app.serviceManager;
  const model = new PanelModel(serverSettings);
  const notebooks = new Notebooks(app, tracker);
  addCommands({ app, model, notebooks, trans });
  const panel = new ZooPanel(model, trans, serverSettings.baseUrl, actions(app, notebooks));
  panel.id = PANEL;
  panel.title.icon = zooIcon;
  panel.title.caption = trans.__('zoo_lab: contexts and runs');
  app.shell.add(panel, 'left', { rank: 300, type: 'zoo_lab' });
  restorer?.add(panel, PANEL);
  app.commands.addCommand(Commands.showPanel, {
    label: trans.__('Show Contexts and Runs'),
    execute: () => app.shell.activateById(PANEL)
  });
  tracker?.currentChanged.connect(() => panel.update());
  app.serviceManager.sessions.runningChanged.connect(() => panel.update());
  addToPalette(palette, trans);
  launcher?.add({ command: Commands.openQuickstart, category: trans.__('Notebook'), rank: 50 });
  void settings?.load(WORKBENCH).then(loaded => {
    const apply = () => {
      model.interval = 1000 * (loaded.composite.refreshSeconds as number);
      panel.endedRuns = loaded.composite.endedRuns as number;
    };
    loaded.changed.connect(apply);
    apply();
  });
}

function actions(app: JupyterFrontEnd, notebooks: Notebooks): IPanelActions {
  const { commands, serviceManager } = app;
  const run = (command: string, args = {}) => void commands.execute(command, args);
  const ask = { stop: Commands.stopRun, pause: Commands.pauseRun, resume: Commands.resumeRun };
  return {
    nameOf: kernel => pathOf(Array.from(serviceManager.sessions.running()), kernel),
    currentKernel: () => notebooks.currentKernel,
    newContext: () => run(Commands.newContext),
    openQuickstart: () => run(Commands.openQuickstart),
    insert: source => void notebooks.insert(source),
    jump: async (kernel, { id, cell }) => {
      if (await notebooks.reveal(kernel, cell ?? null)) {
        return;
      }
      const path = pathOf(Array.from(serviceManager.sessions.running()), kernel);
      if (!path.endsWith('.ipynb')) {
        return run(Commands.openRun, { kernel, run: id });
      }
      const opened = await commands.execute('docmanager:open', { path });
      await opened?.revealed;
      await opened?.sessionContext?.ready;
      await notebooks.reveal(kernel, cell ?? null);
    },
    open: (kernel, { id }) => run(Commands.openRun, { kernel, run: id }),
    ask: (kernel, { id }, action) => run(ask[action], { kernel, run: id }),
    stopContext: (kernel, app) => run(Commands.stopContext, { kernel, app })
  };
}

/** The path of the notebook that has `kernel`, "" where none is known. */
export function pathOf(sessions: { path: string; kernel: { id: string } | null }[], kernel: string): string {
  return sessions.find(session => session.kernel?.id === kernel)?.path ?? '';
}

function addToPalette(palette: ICommandPalette | null, trans: TranslationBundle): void {
  const category = trans.__('zoo_lab');
  for (const command of Object.values(Commands)) {
    if (command !== Commands.insertSnippet) {
      palette?.addItem({ command, category });
    }
  }
  for (const { id } of snippets(trans)) {
    palette?.addItem({ command: Commands.insertSnippet, args: { snippet: id }, category });
  }
}
