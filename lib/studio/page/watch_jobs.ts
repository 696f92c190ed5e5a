/// <reference lib="dom" />
import type { FormChange } from "./order_form.ts";
import { PixelCanvas } from "./pixel_canvas.ts";
import { pixelsOf } from "./pixels.ts";
import { html, useEffect, useMemo, useState, type VNode } from "./preact.ts";
import { describeStatus } from "./progress_text.ts";
import { WatchJob } from "./watch_job.ts";
import type { StudioState } from "./studio_state.ts";
import type { JobState } from "../protocol/studio_api.ts";

/** A heart of tiles, where no picture is yet: digits are colors. */
const TILES = ["01100110", "12211221", "12222221", "13222231", "01322310", "00133100", "00011000"];
const TILE_COLORS = ["transparent", "#5d275d", "#b13e53", "#ef7d57"];

/** The job in progress large, or the newest one, and all as a strip to choose from. */
export function WatchJobs({ state: { jobs }, change, onError }: {
  readonly state: StudioState;
  /** Changes the form, to branch from a picture. */
  readonly change: (part: FormChange) => void;
  readonly onError: (error: unknown) => void;
}): VNode {
  const [chosen, setChosen] = useState<string>();
  const newest = jobs.at(-1)?.id;
  useEffect(() => setChosen(undefined), [newest]);
  const current = jobs.find(({ status }) => ["running", "paused", "stopping"].includes(status));
  const job = jobs.find(({ id }) => id === chosen) ?? current ?? jobs.at(-1);
  if (job === undefined) return html`<${EmptyStage} />`;
  return html`
    <div class="watch">
      <${WatchJob} key=${job.id} job=${job} change=${change} onError=${onError} />
      ${jobs.length > 1 && html`
        <div class="strip" role="group" aria-label="Jobs of this session">
          ${jobs.toReversed().map((one) =>
            html`
              <button key=${one.id} type="button" aria-pressed=${one === job ? "true" : "false"}
                aria-label=${`${one.form?.prompt || "continued run"}: ${describeStatus(one)}`}
                onClick=${() => setChosen(one.id)}><${Thumbnail} job=${one} /></button>
            `
          )}
        </div>
      `}
    </div>
  `;
}

function Thumbnail({ job }: { readonly job: JobState }): VNode {
  const [picture] = job.pictures;
  const pixels = useMemo(() => picture && pixelsOf(picture), [picture]);
  const badge = job.status === "done" ? (job.count > 1 ? `${job.count}` : "") : job.status;
  return html`
    ${picture && picture.indices && html`
      <${PixelCanvas} pixels=${pixels} label="" />
    `}
    ${badge && html`<span class="badge">${badge}</span>`}
  `;
}

function EmptyStage(): VNode {
  const tiles = [...TILES.join("")].map((digit) => TILE_COLORS[Number(digit)]!);
  return html`
    <section class="card stage empty">
      <div>
        <div class="tiles" aria-hidden="true">
          ${tiles.map((color) => html`<i style=${{ background: color }}></i>`)}
        </div>
        <p><strong>What do you want to see?</strong>
          Type it and press Enter. The picture grows here, step by step.</p>
      </div>
    </section>
  `;
}
