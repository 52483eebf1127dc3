/** A server on the other side of `fetch`: the network is where these tests stop. */
import { ServerConnection } from '@jupyterlab/services';

import { IKernelState } from '../state';

export class FakeServer {
  kernels: IKernelState[] = [];
  status = 200;
  asked: Request[] = [];

  readonly settings = ServerConnection.makeSettings({
    baseUrl: 'http://127.0.0.1:8888/user/ada/',
    token: 'secret',
    fetch: async (request: RequestInfo | URL) => {
      this.asked.push(request as Request);
      return new Response(JSON.stringify({ kernels: this.kernels }), { status: this.status });
    }
  });
}
