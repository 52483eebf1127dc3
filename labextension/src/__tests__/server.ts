/** A server on the other side of `fetch`: the network is where these tests stop. */
import { ServerConnection } from '@jupyterlab/services';

import { IKernelState } from '../state';

export class FakeServer {
  kernels: IKernelState[] = [];
  status = 200;
  /** Part of a path → the body for it, in place of the states. */
  answers: Record<string, unknown> = {};
  asked: Request[] = [];

  readonly settings = ServerConnection.makeSettings({
    baseUrl: 'http://127.0.0.1:8888/user/ada/',
    token: 'secret',
    fetch: async (request: RequestInfo | URL) => {
      this.asked.push(request as Request);
      const part = Object.keys(this.answers).find(each => (request as Request).url.includes(each));
      const body = part ? this.answers[part] : { kernels: this.kernels };
      return new Response(JSON.stringify(body), { status: this.status });
    }
  });
}
