/// <reference lib="dom" />
import type { GalleryRun } from "../protocol/gallery_api.ts";
import { ComparePictures } from "./compare_pictures.ts";
import {
  fileAddress,
  listRuns,
  restoreRun,
  sheetAddress,
  starRun,
  trashRun,
} from "./gallery_client.ts";
import { GalleryRunDetails } from "./gallery_details.ts";
import { html, useEffect, useState, type VNode } from "./preact.ts";
import type { ViewProps } from "./view.ts";

/** Pictures on a sheet: the address of the download names each. */
const MAX_SHEET = 64;

/** Shows all runs of the output folder. */
export function GalleryView({ state, settings, onError, rest }: ViewProps): VNode {
  const [runs, setRuns] = useState<readonly GalleryRun[]>();
  const [words, setWords] = useState("");
  const [isOnlyStarred, setOnlyStarred] = useState(false);
  const [compared, setCompared] = useState<readonly string[]>([]);
  const [deleted, setDeleted] = useState<readonly string[]>([]);
  useEffect(() => {
    listRuns().then(({ runs }) => setRuns(runs)).catch(onError);
  }, [state.filesVersion]);
  const star = ({ run, isStarred }: GalleryRun) => starRun(run, !isStarred).catch(onError);
  const remove = async ({ run }: GalleryRun) => {
    try {
      await trashRun(run);
      setDeleted((deleted) => [...deleted, run]);
      setCompared((compared) => compared.filter((one) => one !== run));
      location.hash = "#/gallery";
    } catch (error) {
      onError(error);
    }
  };
  // The deleted card had the focus.
  useEffect(() => {
    if (deleted.length > 0) document.querySelector<HTMLElement>(".gallery .undo")?.focus();
  }, [deleted]);
  const undo = async () => {
    try {
      await restoreRun(deleted.at(-1)!);
      setDeleted((deleted) => deleted.slice(0, -1));
    } catch (error) {
      onError(error);
    }
  };
  const choose = (run: string) =>
    setCompared((compared) =>
      compared.includes(run) ? compared.filter((one) => one !== run) : [...compared, run].slice(-2)
    );
  const all = runs ?? [];
  const shown = all.filter((one) => (!isOnlyStarred || one.isStarred) && matches(one, words));
  const onSheet = shown.filter(({ frames }) => frames > 0).map(({ run }) => run);
  const open = all.find(({ run }) => run === rest);
  const pair = compared.flatMap((run) => all.filter((one) => one.run === run && one.frames > 0));
  return html`
    <div class="gallery">
      <h1 class="visually-hidden">Gallery</h1>
      <div class="row tools">
        <label>Search
          <input type="search" value=${words} placeholder="prompt, palette, seed"
            onInput=${(event: Event) => setWords((event.target as HTMLInputElement).value)} />
        </label>
        <label class="check"><input type="checkbox" checked=${isOnlyStarred}
          onChange=${() => setOnlyStarred(!isOnlyStarred)} /> Starred only</label>
        <span class="about" role="status">${runs === undefined
          ? "Reading the folder …"
          : describeCount(shown.length, all.length)}</span>
        ${onSheet.length > 1 && onSheet.length <= MAX_SHEET && html`
          <a class="button" download href=${sheetAddress(onSheet)}>Sheet of these ${onSheet
            .length}</a>
        `}
        ${deleted.length > 0 && html`
          <button type="button" class="undo" onClick=${undo}>Undo delete (${deleted
            .length})</button>
        `}
      </div>
      ${open && html`
        <${GalleryRunDetails} key=${open.run} run=${open} onStar=${() => star(open)}
          onDelete=${() => remove(open)} onError=${onError} />
      `}
      ${pair.length === 2 && html`
        <${ComparePictures} first=${pair[0]!} second=${pair[1]!} onClose=${() => setCompared([])} />
      `}
      ${runs?.length === 0 && html`
        <p class="card">There are no pictures in ${settings.output} yet. <a href="#/make">Make
          one</a>.</p>
      `}
      <ul class="thumbnails" aria-label="Pictures">
        ${shown.map((one) =>
          html`
            <${Thumbnail} key=${one.run} run=${one} isOpen=${one.run === rest}
              isCompared=${compared.includes(one.run)} onStar=${() => star(one)}
              onCompare=${() => choose(one.run)} onDelete=${() => remove(one)} />
          `
        )}
      </ul>
    </div>
  `;
}

function matches({ prompt, palette, seed, run }: GalleryRun, words: string): boolean {
  const text = `${prompt} ${palette} ${seed} ${run}`.toLowerCase();
  return words.toLowerCase().split(/\s+/).every((word) => text.includes(word));
}

function describeCount(shown: number, all: number): string {
  const noun = all === 1 ? "picture" : "pictures";
  return shown === all ? `${all} ${noun}` : `${shown} of ${all} ${noun}`;
}

/** Returns what a run is called. */
function titleOf({ prompt, run }: GalleryRun): string {
  return prompt || run.split("/").at(-1)!;
}

function Thumbnail({ run: one, isOpen, isCompared, onStar, onCompare, onDelete }: {
  readonly run: GalleryRun;
  readonly isOpen: boolean;
  readonly isCompared: boolean;
  readonly onStar: () => void;
  readonly onCompare: () => void;
  readonly onDelete: () => void;
}): VNode {
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
        <span class="title">${title}</span>
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
