/// <reference lib="dom" />
import { formatDuration } from "./format_text.ts";
import { PixelCanvas } from "./pixel_canvas.ts";
import { decodeBase64 } from "./pixels.ts";
import { html, useMemo, useState, type VNode } from "./preact.ts";
import { continueRun, controlJob } from "./studio_client.ts";
import type { StudioState } from "./studio_state.ts";
import type { JobState, PictureOrderForm, PictureState } from "../protocol/studio_api.ts";

/** What the views of jobs share. */
export interface WatchProps {
  readonly form: PictureOrderForm;
  readonly setForm: (form: PictureOrderForm) => void;
  readonly onError: (error: unknown) => void;
}

/** The newest job large, the others as a list. */
export function WatchJobs(
  { state, ...props }: WatchProps & { readonly state: StudioState },
): VNode {
  const [chosen] = useState<string>();
  const { jobs } = state;
  const current = jobs.find(({ status }) => status === "running" || status === "paused");
  const job = jobs.find(({ id }) => id === chosen) ?? current ?? jobs.at(-1);
  if (job === undefined) {
    return html`
      <section class="card stage empty">
        <p>Type what you want to see, and press Enter.</p>
      </section>
    `;
  }
  return html`<${WatchJob} job=${job} ...${props} />`;
}

function WatchJob({ job, onError }: WatchProps & { readonly job: JobState }): VNode {
  const control = (action: "pause" | "resume" | "cancel") => () =>
    controlJob(job.id, action).catch(onError);
  const { status } = job;
  const picture = job.pictures[0];
  return html`
    <section class="card stage" aria-label="Progress">
      ${job.pictures.map((one) => html`<${LivePicture} key=${one.number} picture=${one} />`)}
      <p class="status" role="status">${statusOf(job)}</p>
      ${job.error && html`<p class="failure">${job.error}</p>`}
      <div class="row">
        ${status === "running" &&
          html`<button type="button" onClick=${control("pause")}>Pause</button>`}
        ${status === "paused" &&
          html`<button type="button" onClick=${control("resume")}>Resume</button>`}
        ${["queued", "running", "paused"].includes(status) &&
          html`<button type="button" onClick=${control("cancel")}>Cancel</button>`}
        ${status === "stopped" && picture?.run && html`
          <button type="button" onClick=${() =>
            continueRun(picture.run!).catch(onError)}>Continue</button>
        `}
      </div>
    </section>
  `;
}

function LivePicture({ picture }: { readonly picture: PictureState }): VNode {
  const { indices, colors, height, width } = picture;
  const pixels = useMemo(
    () => ({ height, width, colors, indices: decodeBase64(indices) }),
    [indices, colors, height, width],
  );
  return html`<${PixelCanvas} pixels=${pixels} label=${picture.prompt} />`;
}

function statusOf({ status, stage, pictures: [picture] }: JobState): string {
  if (status === "running" && stage !== undefined) return `${stage} …`;
  if (picture === undefined || status === "queued") return status;
  const eta = status === "running" ? secondsLeft(picture) : undefined;
  const left = eta === undefined ? "" : `, about ${formatDuration(eta)} left`;
  return `${status}: step ${picture.step} of ${picture.steps}${left}`;
}

/** Expects that the next steps take as long as the last ones. */
function secondsLeft({ seconds, step, steps }: PictureState): number | undefined {
  const last = seconds.slice(-10);
  if (last.length < 2) return undefined;
  return (last.at(-1)! - last[0]!) / (last.length - 1) * (steps - step);
}
