/** How the panel shows one context and one run. Pure: what a click does is the panel's to say. */
import { TranslationBundle } from '@jupyterlab/translation';
import { LabIcon, launchIcon, runIcon, stopIcon } from '@jupyterlab/ui-components';
import React from 'react';

import { pauseIcon } from './icons';
import { sparkUi } from './sparkui';
import { Sparkline } from './sparkline';
import { IContextState, IExecutor, IRunState, isUnderWay } from './state';
import { contextWord, duration, runWord } from './text';

/** A small button with an icon whose words are its name. */
export function IconButton(props: { icon: LabIcon; label: string; onClick: () => void }): JSX.Element {
  return (
    <button type="button" className="jp-ZooLab-Icon" aria-label={props.label} title={props.label} onClick={props.onClick}>
      <props.icon.react tag="span" width="16px" />
    </button>
  );
}

/** Bytes as people read them. */
export function bytes(count: number): string {
  const gigabytes = count / 2 ** 30;
  return gigabytes >= 1 ? `${gigabytes.toFixed(1)} GB` : `${Math.round(count / 2 ** 20)} MB`;
}

/** Facts side by side; a line ends between two of them only. */
function Facts(props: { facts: string[] }): JSX.Element {
  return (
    <div className="jp-ZooLab-Facts">
      {props.facts.map((fact, index) => (
        <React.Fragment key={fact}>
          {index > 0 && ' · '}
          <span>{fact}</span>
        </React.Fragment>
      ))}
    </div>
  );
}

interface IContextProps {
  context: IContextState;
  trans: TranslationBundle;
  baseUrl: string;
  onStop: () => void;
}

export function ContextCard(props: IContextProps): JSX.Element {
  const { context, trans, baseUrl } = props;
  const state = context.state ?? 'starting';
  const jobs = context.usage?.jobs ?? 0;
  const facts = [
    contextWord(context, trans),
    context.memory,
    jobs > 0 ? trans._n('%1 job runs', '%1 jobs run', jobs) : null
  ];
  return (
    <div className="jp-ZooLab-Card" data-zoo-lab-state={state}>
      <div className="jp-ZooLab-CardHead">
        <span className="jp-ZooLab-Dot" />
        <span className="jp-ZooLab-CardName" title={context.app}>
          {context.master ?? context.app}
        </span>
        {context.ui && (
          <a
            className="jp-ZooLab-Link"
            href={sparkUi(context.ui, baseUrl)}
            target="_blank"
            rel="noopener noreferrer"
            aria-label={trans.__('Spark UI of %1, in a new tab', context.app)}
          >
            {trans.__('Spark UI')}
          </a>
        )}
        {state !== 'stopped' && (
          <IconButton icon={stopIcon} label={trans.__('Stop the context %1', context.app)} onClick={props.onStop} />
        )}
      </div>
      <Facts facts={facts.filter((fact): fact is string => !!fact)} />
      <ul className="jp-ZooLab-Executors">
        {context.usage?.executors.map(executor => (
          <li key={executor.id}>
            <ExecutorRow executor={executor} trans={trans} />
          </li>
        ))}
      </ul>
    </div>
  );
}

function ExecutorRow(props: { executor: IExecutor; trans: TranslationBundle }): JSX.Element {
  const { executor, trans } = props;
  const name = executor.id === 'driver' ? trans.__('driver') : trans.__('executor %1', executor.id);
  return (
    <>
      <span className="jp-ZooLab-Executor" title={executor.host}>
        {name}
      </span>
      <Meter
        label={trans.__('Cores in use of %1', name)}
        value={executor.busy}
        most={executor.cores}
        words={trans.__('%1/%2 cores', executor.busy, executor.cores)}
      />
      <Meter
        label={trans.__('Memory in use of %1', name)}
        value={executor.memory_used}
        most={executor.memory}
        words={`${bytes(executor.memory_used)} / ${bytes(executor.memory)}`}
      />
    </>
  );
}

function Meter(props: { label: string; value: number; most: number; words: string }): JSX.Element {
  const share = props.most > 0 ? Math.min(props.value / props.most, 1) : 0;
  return (
    <span className="jp-ZooLab-Meter">
      <span
        className="jp-ZooLab-MeterBar"
        role="meter"
        aria-label={props.label}
        aria-valuenow={props.value}
        aria-valuemin={0}
        aria-valuemax={props.most}
        aria-valuetext={props.words}
      >
        <span style={{ width: `${(100 * share).toFixed(1)}%` }} />
      </span>
      <span aria-hidden="true">{props.words}</span>
    </span>
  );
}

interface IRunProps {
  run: IRunState;
  trans: TranslationBundle;
  onJump: () => void;
  onOpen: () => void;
  onAsk: (action: 'stop' | 'pause' | 'resume') => void;
}

export function RunCard(props: IRunProps): JSX.Element {
  const { run, trans } = props;
  const share = run.iterations > 0 ? run.iteration / run.iterations : 0;
  return (
    <div className="jp-ZooLab-Card jp-ZooLab-Run" data-zoo-lab-state={run.state}>
      <div className="jp-ZooLab-CardHead">
        <span className="jp-ZooLab-Dot" />
        <button type="button" className="jp-ZooLab-RunName" title={trans.__('Show its cell')} onClick={props.onJump}>
          {run.name}
        </button>
        <Sparkline values={run.spark ?? []} label={trans.__('Loss of %1 so far', run.name)} />
        {run.state === 'running' && (
          <IconButton icon={pauseIcon} label={trans.__('Pause %1', run.name)} onClick={() => props.onAsk('pause')} />
        )}
        {run.state === 'paused' && (
          <IconButton icon={runIcon} label={trans.__('Resume %1', run.name)} onClick={() => props.onAsk('resume')} />
        )}
        {isUnderWay(run) && (
          <IconButton icon={stopIcon} label={trans.__('Stop %1', run.name)} onClick={() => props.onAsk('stop')} />
        )}
        <IconButton icon={launchIcon} label={trans.__('Open %1 in a tab', run.name)} onClick={props.onOpen} />
      </div>
      {isUnderWay(run) && (
        <div className="jp-ZooLab-Progress" role="progressbar" aria-label={trans.__('Progress of %1', run.name)}
          aria-valuenow={Math.round(100 * share)} aria-valuemin={0} aria-valuemax={100}>
          <span style={{ width: `${(100 * share).toFixed(1)}%` }} />
        </div>
      )}
      <Facts facts={runFacts(run, trans)} />
    </div>
  );
}

/** The words under a run: its state, how far it is, how good, how long still. */
export function runFacts(run: IRunState, trans: TranslationBundle): string[] {
  const { best } = run;
  const name = best?.name.replace(/_/g, ' ');
  const facts = [
    runWord(run, trans),
    run.epochs > 0 ? trans.__('epoch %1/%2', Math.min(run.epoch, run.epochs), run.epochs) : null,
    best ? trans.__('best %1 %2', name, best.value.toPrecision(4)) : loss(run, trans),
    run.state === 'running' && run.eta_seconds !== null ? trans.__('%1 left', duration(run.eta_seconds, trans)) : null
  ];
  return facts.filter((fact): fact is string => fact !== null);
}

function loss(run: IRunState, trans: TranslationBundle): string | null {
  return run.loss === null ? null : trans.__('loss %1', run.loss.toPrecision(4));
}
