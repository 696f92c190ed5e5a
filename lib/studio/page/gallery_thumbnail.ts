/// <reference lib="dom" />
import type { GalleryRun } from "../protocol/gallery_api.ts";
import { fileAddress } from "./gallery_client.ts";
import { html, type VNode } from "./preact.ts";

/** Returns what a run is called. */
export function titleOf({ prompt, run }: GalleryRun): string {
  return prompt || run.split("/").at(-1)!;
}

/** A picture of the gallery, with its mark. Keys do what its buttons do. */
export function Thumbnail(
  { run: one, place, about, isOpen, isCompared, onStar, onCompare, onDelete }: {
    readonly run: GalleryRun;
    /** Its place and score, if the order is by score. */
    readonly place: string;
    /** What stands below the picture. */
    readonly about: string;
    readonly isOpen: boolean;
    readonly isCompared: boolean;
    readonly onStar: () => void;
    readonly onCompare: () => void;
    readonly onDelete: () => void;
  },
): VNode {
  const title = titleOf(one);
  const { run, height, width, isStarred, frames } = one;
  // Keys act on the focused card: the buttons do the same for the mouse.
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const action = { s: onStar, c: onCompare, Delete: onDelete }[event.key];
    if (action === undefined) return;
    event.preventDefault();
    action();
  };
  return html`
    <li class="thumbnail" onKeyDown=${onKeyDown}>
      <a href=${`#/gallery/${encodeURIComponent(run)}`} aria-current=${isOpen ? "true" : undefined}
        title=${`${title}. Keys: S star, C compare, Delete`}>
        ${frames > 0
          ? html`
            <img class="pixels" loading="lazy" src=${fileAddress(run)} alt="" width=${width}
              height=${height} />
          `
          : html`<span class="empty">no picture yet</span>`}
        ${place && html`<span class="place">${place}</span>`}
        <span class="title">${about}</span>
      </a>
      <span class="marks">
        <button type="button" class="quiet star" aria-pressed=${isStarred}
          aria-label=${`Star ${title}`} onClick=${onStar}>${isStarred ? "★" : "☆"}</button>
        <label class="check"><input type="checkbox" checked=${isCompared}
          aria-label=${`Compare ${title}`} onChange=${onCompare} /> compare</label>
      </span>
    </li>
  `;
}
