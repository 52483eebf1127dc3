/** The runs of an exported page, which needs neither a server nor the network. */

import { MonitorView } from "./monitor_view.js";
import { showRecord } from "./saved.js";
import { RunStore } from "./store.js";

/** Draw each record of the page's JSON element into `root`. */
export default function savedPage(page = document, root = page.getElementById("zoo-runs")) {
  for (const record of JSON.parse(page.getElementById("zoo-records").textContent)) {
    const store = new RunStore();
    store.still = true;
    const traits = { run_id: record.run, kernel_id: "" };
    const view = new MonitorView({ get: (name) => traits[name], send: () => {} }, store);
    root.append(view.element);
    showRecord(store, record);
    view.connect();
  }
}
