/** The widget's front end: one store for each model, one view for each place where it is shown. */

import { MonitorView } from "./monitor_view.js";
import { RunStore } from "./store.js";

/** What anywidget calls: once for each model. */
export default function trainingMonitor() {
  const store = new RunStore();
  return {
    /** Listen from the first packet on, even before anything is shown, and ask for what came before. */
    initialize({ model }) {
      const receive = (content, buffers) => content.type === "data" && store.apply(content, buffers);
      model.on("msg:custom", receive);
      model.send({ type: "ready" });
      return () => model.off("msg:custom", receive);
    },

    render({ model, el }) {
      const view = new MonitorView(model, store);
      el.append(view.element);
      return view.connect();
    },
  };
}
