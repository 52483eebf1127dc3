/** The extension's own icons. */
import { LabIcon } from '@jupyterlab/ui-components';

const svg = (body: string) =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">${body}</svg>`;

/** Three workers around what they learn together. */
export const zooIcon = new LabIcon({
  name: 'zoo-lab:zoo',
  svgstr: svg(
    '<g class="jp-icon3" fill="#616161"><circle cx="12" cy="4.5" r="2.5"/><circle cx="4.5" cy="18" r="2.5"/>' +
      '<circle cx="19.5" cy="18" r="2.5"/><circle cx="12" cy="13" r="3.6"/>' +
      '<path d="M11.2 6h1.6v5h-1.6zM5.3 16.2l4.4-2.6.8 1.4-4.4 2.6zM18.7 16.2l-4.4-2.6-.8 1.4 4.4 2.6z"/></g>'
  )
});

export const pauseIcon = new LabIcon({
  name: 'zoo-lab:pause',
  svgstr: svg('<g class="jp-icon3" fill="#616161"><path d="M6 5h4v14H6zM14 5h4v14h-4z"/></g>')
});
