/** What JupyterLab's packages expect of a page and jsdom does not have. */
class DragEventOfJsdom extends MouseEvent {}

const neverMatches = { matches: false, addEventListener: () => undefined, addListener: () => undefined };

Object.assign(globalThis, { DragEvent: DragEventOfJsdom });
Object.assign(window, {
  matchMedia: () => neverMatches,
  requestIdleCallback: (callback: () => void) => setTimeout(callback, 0),
  cancelIdleCallback: clearTimeout
});
