/// <reference lib="dom" />
import type { GalleryRun } from "../protocol/gallery_api.ts";
import { ComparePictures } from "./compare_pictures.ts";
import {
  listRuns,
  rankedAddress,
  restoreRun,
  sheetAddress,
  starRun,
  type TrashedRun,
  trashRun,
} from "./gallery_client.ts";
import { GalleryRunDetails } from "./gallery_details.ts";
import { Thumbnail, titleOf } from "./gallery_thumbnail.ts";
import { formatScore } from "../../text/format_score.ts";
import { html, useEffect, useState, type VNode } from "./preact.ts";
import type { ViewProps } from "./view.ts";

/** Pictures on a sheet: the address of the download names each. */
const MAX_SHEET = 64;

/** Shows all runs of the output folder. */
export function GalleryView({ state, settings, onError, rest }: ViewProps): VNode {
  const [runs, setRuns] = useState<readonly GalleryRun[]>();
  const [words, setWords] = useState("");
  const [order, setOrder] = useState<"newest" | "score">("newest");
  const [isOnlyStarred, setOnlyStarred] = useState(false);
  const [compared, setCompared] = useState<readonly string[]>([]);
  const [deleted, setDeleted] = useState<readonly TrashedRun[]>([]);
  useEffect(() => {
    listRuns().then(({ runs }) => setRuns(runs)).catch(onError);
  }, [state.filesVersion]);
  const star = ({ run, isStarred }: GalleryRun) => starRun(run, !isStarred).catch(onError);
  const remove = async ({ run }: GalleryRun) => {
    try {
      const trashed = await trashRun(run);
      setDeleted((deleted) => [...deleted, trashed]);
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
  const card = (one: GalleryRun, place: string = "", about: string = titleOf(one)) =>
    html`
      <${Thumbnail} key=${one
        .run} run=${one} place=${place} about=${about} isOpen=${one.run === rest}
        isCompared=${compared.includes(one.run)} onStar=${() => star(one)}
        onCompare=${() => choose(one.run)} onDelete=${() => remove(one)} />
    `;
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
        <label>Order
          <select value=${order} onChange=${(event: Event) =>
            setOrder((event.target as HTMLSelectElement).value as typeof order)}>
            <option value="newest">newest first</option>
            <option value="score">best score of each prompt first</option>
          </select></label>
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
      ${order === "newest"
        ? html`<ul class="thumbnails" aria-label="Pictures">${shown.map((one) => card(one))}</ul>`
        : html`
          <p class="about">The score says how much better the teacher predicts the noise in
            noisy copies of the picture with the prompt than without it. Only pictures of one prompt, size and teacher
            compare.</p>
          ${groupRuns(shown).map((group) => html`<${RankedRuns} runs=${group} card=${card} />`)}
        `}
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

/** Groups runs whose scores compare, the best first; groups keep the order of their first runs. */
function groupRuns(runs: readonly GalleryRun[]): GalleryRun[][] {
  return [...Map.groupBy(runs, ({ rankedWith }) => rankedWith).values()].map((group) =>
    group.sort((a, b) => (a.rank ?? Infinity) - (b.rank ?? Infinity) || 0)
  );
}

/** Pictures of one prompt, the best score first, with their contact sheet. */
function RankedRuns({ runs, card }: {
  readonly runs: readonly GalleryRun[];
  readonly card: (run: GalleryRun, place: string, about: string) => VNode;
}): VNode {
  const [{ height, width }] = runs as [GalleryRun];
  const title = titleOf(runs[0]!);
  const ranked = runs.filter(({ rank }) => rank !== undefined).map(({ run }) => run);
  const placeOf = ({ rank, score }: GalleryRun) =>
    rank === undefined ? "not scored" : `${rank}. ${formatScore(score!)}`;
  const aboutOf = ({ palette, seed }: GalleryRun) =>
    [palette, seed && `seed ${seed}`].filter(Boolean).join(", ");
  return html`
    <section class="ranked" aria-label=${title}>
      <div class="row">
        <h2>${title}</h2>
        <span class="about">${width} × ${height}</span>
        ${ranked.length > 1 && ranked.length <= MAX_SHEET && html`
          <a class="button" download href=${rankedAddress(ranked)}>Contact sheet of ${ranked
            .length}</a>
        `}
      </div>
      <ul class="thumbnails" aria-label=${`Pictures of ${title}`}>
        ${runs.map((one) => card(one, placeOf(one), aboutOf(one)))}
      </ul>
    </section>
  `;
}
