// Exports that are dragged out of the window: the browser fetches the file where it is dropped. A browser that cannot ignores it.
import type { DragEvent } from 'react';

/** Properties of a link to a download that may be dragged to a folder or another program; `name` is the file's. */
export function dragOut(href: string, name: string): { draggable: true; onDragStart: (event: DragEvent) => void } {
  return {
    draggable: true,
    onDragStart(event) {
      const address = new URL(href, document.baseURI).href;
      // A colon parts type, name and address.
      const file = name.replaceAll(/[:/\\]/g, '-');
      event.dataTransfer.effectAllowed = 'copy';
      event.dataTransfer.setData('DownloadURL', `application/octet-stream:${file}:${address}`);
    },
  };
}
