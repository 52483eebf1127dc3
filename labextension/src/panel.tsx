/** The panel at the left: contexts and runs of all open kernels, and what can be done with them. */
import { TranslationBundle } from '@jupyterlab/translation';
import { addIcon, refreshIcon, VDomRenderer } from '@jupyterlab/ui-components';
import React from 'react';

import { ContextCard, IconButton, RunCard } from './cards';
import { PanelModel } from './panelmodel';
import { snippets } from './snippets';
import { IKernelState, IRunState, isUnderWay } from './state';

/** What the panel lets others do. */
export interface IPanelActions {
  /** The notebook's name of a kernel; "" where nobody knows. */
  nameOf(kernel: string): string;
  currentKernel(): string | null;
  newContext(): void;
  openQuickstart(): void;
  insert(source: string): void;
  jump(kernel: string, run: IRunState): void;
  open(kernel: string, run: IRunState): void;
  ask(kernel: string, run: IRunState, action: 'stop' | 'pause' | 'resume'): void;
  stopContext(kernel: string, app: string): void;
}

/** Takes its model along when disposed. */
export class ZooPanel extends VDomRenderer<PanelModel> {
  constructor(
    model: PanelModel,
    private _trans: TranslationBundle,
    private _baseUrl: string,
    private _actions: IPanelActions
  ) {
    super(model);
    this.addClass('jp-ZooLab-Panel');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', this._trans.__('zoo_lab'));
  }

  /** How many runs that have ended are shown of each kernel. */
  set endedRuns(count: number) {
    this._endedRuns = count;
    this.update();
  }

  override dispose(): void {
    const model = this.model;
    super.dispose();
    model?.dispose();
  }

  protected override onAfterShow(): void {
    this.model?.watch(true);
  }

  protected override onAfterHide(): void {
    this.model?.watch(false);
  }

  protected render(): JSX.Element {
    const trans = this._trans;
    const actions = this._actions;
    return (
      <>
        <div className="jp-ZooLab-Bar">
          <h2>{trans.__('zoo_lab')}</h2>
          <IconButton icon={addIcon} label={trans.__('New context…')} onClick={actions.newContext} />
          <IconButton icon={refreshIcon} label={trans.__('Refresh')} onClick={() => void this.model?.refresh()} />
        </div>
        <div className="jp-ZooLab-Body" tabIndex={0} role="group" aria-label={trans.__('Contexts and runs')}>
          {this._problem() ?? this._kernels()}
        </div>
        <details className="jp-ZooLab-Insert">
          <summary>{trans.__('Insert a cell')}</summary>
          {snippets(trans).map(snippet => (
            <button key={snippet.id} type="button" title={snippet.source} onClick={() => actions.insert(snippet.source)}>
              {snippet.label}
            </button>
          ))}
        </details>
      </>
    );
  }

  private _problem(): JSX.Element | null {
    const words = {
      missing: this._trans.__(
        'This Jupyter server does not know zoo_lab. Install zoo-lab where the server runs, and start it again.'
      ),
      silent: this._trans.__('The Jupyter server does not answer.'),
      '': ''
    };
    const text = words[this.model?.problem ?? ''];
    return text ? (
      <p className="jp-ZooLab-Empty" role="alert">
        {text}
      </p>
    ) : null;
  }

  private _kernels(): JSX.Element | JSX.Element[] {
    const states = this.model?.states(this._actions.currentKernel()) ?? [];
    const shown = states.filter(state => state.contexts.length + state.runs.length > 0);
    return shown.length > 0 || !this.model?.isReady ? shown.map(state => this._kernel(state)) : this._empty();
  }

  private _empty(): JSX.Element {
    const trans = this._trans;
    return (
      <div className="jp-ZooLab-Empty">
        <p>{trans.__('No notebook has a context yet.')}</p>
        <button type="button" className="jp-ZooLab-Wide" onClick={this._actions.newContext}>
          {trans.__('New context…')}
        </button>
        <button type="button" className="jp-ZooLab-Wide" onClick={this._actions.openQuickstart}>
          {trans.__('Open the quickstart')}
        </button>
      </div>
    );
  }

  private _kernel(state: IKernelState): JSX.Element {
    const trans = this._trans;
    const name = this._actions.nameOf(state.kernel) || trans.__('kernel %1', state.kernel.slice(0, 8));
    return (
      <section key={state.kernel} aria-label={name}>
        <h3 title={name}>{name.split('/').pop()}</h3>
        {state.contexts.map(context => (
          <ContextCard
            key={context.app}
            context={context}
            trans={trans}
            baseUrl={this._baseUrl}
            onStop={() => this._actions.stopContext(state.kernel, context.app)}
          />
        ))}
        {this._runs(state).map(run => (
          <RunCard
            key={run.id}
            run={run}
            trans={trans}
            onJump={() => this._actions.jump(state.kernel, run)}
            onOpen={() => this._actions.open(state.kernel, run)}
            onAsk={action => this._actions.ask(state.kernel, run, action)}
          />
        ))}
      </section>
    );
  }

  /** The newest first: all that are under way, and some that have ended. */
  private _runs(state: IKernelState): IRunState[] {
    const newest = [...state.runs].reverse();
    const ended = newest.filter(run => !isUnderWay(run)).slice(0, this._endedRuns);
    return newest.filter(run => isUnderWay(run) || ended.includes(run));
  }

  private _endedRuns = 10;
}
