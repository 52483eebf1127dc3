/** The widgets' own modules, which are plain JavaScript and have no types. */
declare module '*/widgets/static/monitor_view.js' {
  export class MonitorView {
    constructor(model: { get(name: string): string; send(content: object): void }, store: object);
    readonly element: HTMLElement;
    connect(): () => void;
  }
}

declare module '*/widgets/static/saved.js' {
  export function showRecord(store: object, record: object): void;
}

declare module '*/widgets/static/store.js' {
  export class RunStore {
    still: boolean;
  }
}
