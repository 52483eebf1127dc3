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
// Frames come at once: jsdom's sixty a second are most of what these tests would wait for.
const [later, never] = [setTimeout, clearTimeout]; // the real ones, whatever a test puts in their place
const animation = {
  requestAnimationFrame: (callback: FrameRequestCallback) => later(() => callback(performance.now()), 0),
  cancelAnimationFrame: (frame: number) => never(frame)
};
Object.assign(globalThis, animation);
Object.assign(window, {
  ...animation,
  matchMedia: () => neverMatches,
  requestIdleCallback: (callback: () => void) => setTimeout(callback, 0),
  cancelIdleCallback: clearTimeout
});
