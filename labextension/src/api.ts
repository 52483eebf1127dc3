/** What the page asks of zoo_lab's part of the Jupyter server (zoo_lab/server). */
import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

import { IRecord } from './record';
import { IKernelState } from './state';

/** One setting that a context can be started with, as core/contextoptions.py describes it. */
export interface IContextOption {
  name: string;
  kind: 'text' | 'number' | 'flag' | 'pair' | 'name';
  metavar: string;
  help: string;
  title: string;
  default: string;
  suggestions: string[];
  many: boolean;
}

/** What can be asked of a kernel, whether it computes or not. */
export type IRequest =
  | { action: 'stop' | 'pause' | 'resume'; run: string }
  | { action: 'stop_context'; app: string };

type Settings = ServerConnection.ISettings;

/** Ask the server for the states of its live kernels; rejects when it does not answer with them. */
export async function fetchKernelStates(settings: Settings): Promise<IKernelState[]> {
  return (await ask(settings, 'kernels')).kernels;
}

/** The record of one run. */
export async function fetchRecord(settings: Settings, kernel: string, run: string): Promise<IRecord> {
  return ask(settings, `kernels/${encodeURIComponent(kernel)}/runs/${encodeURIComponent(run)}`);
}

/** What a context can be started with. */
export async function fetchContextOptions(settings: Settings): Promise<IContextOption[]> {
  return (await ask(settings, 'context-options')).options;
}

/** The quickstart notebook's content. */
export async function fetchQuickstart(settings: Settings): Promise<object> {
  return ask(settings, 'quickstart');
}

/** Leave a request for a kernel, which takes it also while it computes. */
export async function postRequest(settings: Settings, kernel: string, request: IRequest): Promise<void> {
  const init = { method: 'POST', body: JSON.stringify(request) };
  await ask(settings, `kernels/${encodeURIComponent(kernel)}/requests`, init);
}

async function ask(settings: Settings, path: string, init: RequestInit = { cache: 'no-store' }): Promise<any> {
  const url = URLExt.join(settings.baseUrl, 'zoo-lab', 'api', path);
  const response = await ServerConnection.makeRequest(url, init, settings);
  if (!response.ok) {
    throw new ServerConnection.ResponseError(response);
  }
  return response.json();
}
