/** The extension's commands: what palette, menus, launcher, panel and status item share. */
import { JupyterFrontEnd } from '@jupyterlab/application';
import { Dialog, MainAreaWidget, Notification, showDialog } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';

import { fetchContextOptions, fetchQuickstart, IRequest } from './api';
import { contextCell } from './contextline';
import { ContextForm } from './form';
import { zooIcon } from './icons';
import { Notebooks } from './notebooks';
import { PanelModel } from './panelmodel';
import { RunTab } from './runtab';
import { snippets } from './snippets';
import { sparkUi } from './sparkui';
import { currentContext, currentRun } from './state';

/** Their names. */
export const Commands = {
  showPanel: 'zoo-lab:show-panel',
  newContext: 'zoo-lab:new-context',
  stopContext: 'zoo-lab:stop-context',
  openSparkUi: 'zoo-lab:open-spark-ui',
  openRun: 'zoo-lab:open-run',
  stopRun: 'zoo-lab:stop-run',
  pauseRun: 'zoo-lab:pause-run',
  resumeRun: 'zoo-lab:resume-run',
  insertSnippet: 'zoo-lab:insert-snippet',
  openQuickstart: 'zoo-lab:open-quickstart'
} as const;

/** The quickstart's file, in the folder that the launcher shows. */
export const QUICKSTART = 'zoo_lab quickstart.ipynb';

interface IParts {
  app: JupyterFrontEnd;
  model: PanelModel;
  notebooks: Notebooks;
  trans: TranslationBundle;
}

/** Add the commands that need no panel; those about a run or context take {kernel, run | app}, else the notebook's in front. */
export function addCommands(parts: IParts): void {
  addRunCommands(parts);
  addContextCommands(parts);
  addCells(parts);
}

function addRunCommands({ app, model, notebooks, trans }: IParts): void {
  const { commands, serviceManager, shell } = app;
  const target = async (args: any) => {
    const kernel: string | null = args.kernel ?? notebooks.currentKernel;
    if (!args.run) {
      await model.refresh();
    }
    const state = model.state(kernel);
    const run: string | undefined = args.run ?? (state && (currentRun(state) ?? state.runs[state.runs.length - 1]))?.id;
    return kernel && run ? { kernel, run, name: state?.runs.find(each => each.id === run)?.name ?? run } : null;
  };
  const ask = (action: 'stop' | 'pause' | 'resume') => async (args: any) => {
    const found = await target(args);
    await (found ? send({ model, trans }, found.kernel, { action, run: found.run }) : nothing(trans.__('run')));
  };
  const nothing = (what: string) => Notification.info(trans.__('This notebook has no %1.', what), { autoClose: 4000 });
  commands.addCommand(Commands.stopRun, { label: trans.__('Stop the Run of This Notebook'), execute: ask('stop') });
  commands.addCommand(Commands.pauseRun, { label: trans.__('Pause the Run of This Notebook'), execute: ask('pause') });
  commands.addCommand(Commands.resumeRun, { label: trans.__('Resume the Run of This Notebook'), execute: ask('resume') });
  commands.addCommand(Commands.openRun, {
    label: trans.__('Open the Run of This Notebook in a Tab'),
    execute: async (args: any) => {
      const found = await target(args);
      if (!found) {
        return nothing(trans.__('run'));
      }
      const id = `zoo-lab-run-${found.run}`;
      const open = Array.from(shell.widgets('main')).find(widget => widget.id === id);
      if (!open) {
        const unknown = trans.__('The kernel has not written this run yet, or has gone.');
        const content = new RunTab(serviceManager.serverSettings, found.kernel, found.run, unknown);
        const widget = new MainAreaWidget({ content });
        widget.id = id;
        widget.title.label = found.name;
        widget.title.icon = zooIcon;
        widget.title.closable = true;
        shell.add(widget, 'main', { mode: 'split-right' });
      }
      shell.activateById(id);
    }
  });
}

function addContextCommands({ app, model, notebooks, trans }: IParts): void {
  const { commands, serviceManager } = app;
  const settings = serviceManager.serverSettings;
  commands.addCommand(Commands.newContext, {
    label: trans.__('New Spark Context…'),
    caption: trans.__('Insert the cell that starts a context with these settings'),
    icon: zooIcon,
    execute: async () => {
      const options = await fetchContextOptions(settings);
      const buttons = [
        Dialog.cancelButton(),
        Dialog.createButton({ label: trans.__('Insert'), accept: true }),
        Dialog.okButton({ label: trans.__('Insert and Run') })
      ];
      const body = new ContextForm(options, trans);
      const result = await showDialog({ title: trans.__('New Spark context'), body, buttons, defaultButton: 2 });
      if (result.button.accept) {
        const source = contextCell(options, result.value ?? {}, notebooks.loadsZooLab);
        await notebooks.insert(source, result.button === buttons[2] || result.button.label === buttons[2].label);
      }
    }
  });
  const target = async (args: any) => {
    const kernel: string | null = args.kernel ?? notebooks.currentKernel;
    await model.refresh();
    const state = model.state(kernel);
    const context = state?.contexts.find(each => each.app === args.app) ?? (state && currentContext(state));
    return kernel && context ? { kernel, context } : null;
  };
  const nothing = () => Notification.info(trans.__('This notebook has no context.'), { autoClose: 4000 });
  commands.addCommand(Commands.stopContext, {
    label: trans.__('Stop the Context of This Notebook'),
    execute: async (args: any) => {
      const found = await target(args);
      if (!found) {
        return nothing();
      }
      const body = trans.__('Runs on it end with the weights that they have reached; data held by Spark is let go.');
      const title = trans.__('Stop the context %1?', found.context.app);
      const answer = await showDialog({
        title,
        body,
        buttons: [Dialog.cancelButton(), Dialog.warnButton({ label: trans.__('Stop') })]
      });
      if (answer.button.accept) {
        await send({ model, trans }, found.kernel, { action: 'stop_context', app: found.context.app });
      }
    }
  });
  commands.addCommand(Commands.openSparkUi, {
    label: trans.__('Open the Spark UI of This Notebook'),
    execute: async (args: any) => {
      const found = await target(args);
      if (!found?.context.ui) {
        return nothing();
      }
      window.open(sparkUi(found.context.ui, settings.baseUrl), '_blank', 'noopener');
    }
  });
}

function addCells({ app, notebooks, trans }: IParts): void {
  const { commands, serviceManager } = app;
  commands.addCommand(Commands.insertSnippet, {
    label: (args: any) => {
      const snippet = snippets(trans).find(each => each.id === args.snippet);
      return snippet ? trans.__('Insert: %1', snippet.label) : trans.__('Insert a Cell');
    },
    execute: async (args: any) => {
      const source: string | undefined = args.source ?? snippets(trans).find(each => each.id === args.snippet)?.source;
      await (source && notebooks.insert(source));
    }
  });
  // a widget in a cell has no commands: it asks the page
  document.body.addEventListener('zoo-lab:insert', event => {
    event.preventDefault();
    void commands.execute(Commands.insertSnippet, { source: (event as CustomEvent).detail.source });
  });
  commands.addCommand(Commands.openQuickstart, {
    label: trans.__('zoo_lab Quickstart'),
    caption: trans.__('A notebook that trains a network on Spark, from start to end'),
    icon: zooIcon,
    execute: async (args: any) => {
      const { contents, serverSettings } = serviceManager;
      const path = [args.cwd, QUICKSTART].filter(Boolean).join('/');
      const there = await contents.get(path, { content: false }).catch(() => null);
      if (!there) {
        const content = await fetchQuickstart(serverSettings);
        await contents.save(path, { type: 'notebook', format: 'json', content });
      }
      await commands.execute('docmanager:open', { path });
    }
  });
}

async function send(parts: Pick<IParts, 'model' | 'trans'>, kernel: string, request: IRequest): Promise<void> {
  const problem = await parts.model.request(kernel, request);
  if (problem) {
    Notification.error(parts.trans.__('The request did not reach the kernel: %1', problem));
  }
}
