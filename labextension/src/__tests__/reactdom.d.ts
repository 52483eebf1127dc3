/** The little that tests ask of react-dom, which comes with JupyterLab without its types. */
declare module 'react-dom' {
  export function flushSync(work: () => void): void;
}

declare module 'react-dom/client' {
  export interface Root {
    render(element: JSX.Element): void;
    unmount(): void;
  }
  export function createRoot(place: Element): Root;
}
