/** The viewer's front end: one gallery for each model, one view for each place where it is shown. */

import { Gallery } from "./gallery.js";
import { ViewerView } from "./viewer_view.js";

/** What anywidget calls: once for each model. */
export default function imageViewer() {
  let gallery;
  return {
    initialize({ model }) {
      gallery = new Gallery(model);
      gallery.begin();
      return () => gallery.close();
    },

    render({ model, el }) {
      const view = new ViewerView(model, gallery);
      el.append(view.element);
      return view.connect();
    },
  };
}
