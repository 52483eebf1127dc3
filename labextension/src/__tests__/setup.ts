/** What JupyterLab's packages expect of a page and jsdom does not have. */
class DragEventOfJsdom extends MouseEvent {}

const nothing = () => undefined;
const neverMatches = {
  matches: false,
  addEventListener: nothing,
  addListener: nothing,
  removeEventListener: nothing,
  removeListener: nothing
};

class ObserverOfJsdom {
  observe(): void {}
  unobserve(): void {}
  disconnect(): void {}
}

const observers = { IntersectionObserver: ObserverOfJsdom, ResizeObserver: ObserverOfJsdom };
Object.assign(globalThis, { DragEvent: DragEventOfJsdom, ...observers });
Object.assign(window, {
  matchMedia: () => neverMatches,
  requestIdleCallback: (callback: () => void) => setTimeout(callback, 0),
  cancelIdleCallback: clearTimeout
});
