/** Where Spark's own pages can be reached from: by themselves on one's own machine, else through the Jupyter server. */
import { IDisposable } from '@lumino/disposable';

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;
const LINKS = 'a.zoo-lab-spark-ui';

/** Whether the page comes from this machine, at the root of its server: no hub stands between. */
export function isLocal(baseUrl: string): boolean {
  const { hostname, pathname } = new URL(baseUrl);
  return LOOPBACK.test(hostname) && pathname === '/';
}

/**
 * The address of the Spark UI `ui` for a page whose server is at `baseUrl`: behind a hub that of jupyter-server-proxy,
 * where Spark listens on the kernel's own machine only.
 */
export function sparkUi(ui: string, baseUrl: string): string {
  if (isLocal(baseUrl) || !/^https?:/.test(ui)) {
    return ui;
  }
  const { hostname, port } = new URL(ui);
  // /jobs/, as Spark redirects its root to a path that knows of no proxy
  return LOOPBACK.test(hostname) ? `${baseUrl.replace(/\/*$/, '')}/proxy/${port || 80}/jobs/` : ui;
}

/** Mends the links to Spark UIs below `root`, those that are there and those that come, until disposed. */
export class LinkMender implements IDisposable {
  constructor(root: Element, baseUrl: string, note: string) {
    this._baseUrl = baseUrl;
    this._note = note;
    if (!isLocal(baseUrl)) {
      root.querySelectorAll<HTMLAnchorElement>(LINKS).forEach(link => this._mend(link));
      this._observer.observe(root, { childList: true, subtree: true });
    }
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    this._observer.disconnect();
  }

  private _added(records: MutationRecord[]): void {
    for (const node of records.flatMap(record => Array.from(record.addedNodes))) {
      if (node instanceof Element) {
        const links = node.matches(LINKS) ? [node] : Array.from(node.querySelectorAll(LINKS));
        links.forEach(link => this._mend(link as HTMLAnchorElement));
      }
    }
  }

  private _mend(link: HTMLAnchorElement): void {
    const own = link.getAttribute('href') ?? '';
    const reachable = sparkUi(own, this._baseUrl);
    if (reachable !== own && !link.dataset.zooLabOwn) {
      link.dataset.zooLabOwn = own;
      link.href = link.textContent = reachable;
      link.title = `${this._note} ${own}`;
    }
  }

  private _baseUrl: string;
  private _isDisposed = false;
  private _note: string;
  private _observer = new MutationObserver(records => this._added(records));
}
