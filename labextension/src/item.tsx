/** The item in the status bar. */
import { TranslationBundle } from '@jupyterlab/translation';
import { VDomRenderer } from '@jupyterlab/ui-components';
import React from 'react';

import { StatusModel } from './model';
import { currentContext, currentRun, IKernelState } from './state';
import { statusDetails, statusText } from './text';

/** Shows the context of the watched kernel, and the run while there is one; takes its model along when disposed. */
export class StatusItem extends VDomRenderer<StatusModel> {
  /** A click on it calls `open`. */
  constructor(model: StatusModel, trans: TranslationBundle, baseUrl: string, open: () => void) {
    super(model);
    this._open = open;
    this._baseUrl = baseUrl;
    this._trans = trans;
  }

  /** Whether there is something to show. */
  get isActive(): boolean {
    return this.model?.state ? currentContext(this.model.state) !== null : false;
  }

  override dispose(): void {
    const model = this.model;
    super.dispose();
    model?.dispose();
  }

  protected render(): JSX.Element | null {
    const state = this.model?.state;
    if (!state || !this.isActive) {
      return null;
    }
    const details = statusDetails(state, this._trans, this._baseUrl);
    return (
      <button
        type="button"
        className="jp-ZooLab-Status"
        data-zoo-lab-state={mood(state)}
        title={details}
        onClick={this._open}
      >
        {statusText(state, this._trans)}
      </button>
    );
  }

  private _baseUrl: string;
  private _open: () => void;
  private _trans: TranslationBundle;
}

function mood(state: IKernelState): string {
  return currentRun(state)?.state ?? currentContext(state)?.state ?? 'starting';
}
