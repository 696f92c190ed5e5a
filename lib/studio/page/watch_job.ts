/// <reference lib="dom" />
import { formatDuration } from "./format_text.ts";
import { fileAddress } from "./gallery_client.ts";
import { JobPictures, LivePicture, rankedPictures } from "./job_pictures.ts";
import { LossPlot } from "./loss_plot.ts";
import { MapViews } from "./map_views.ts";
import type { FormChange } from "./order_form.ts";
import { decodeBase64, pixelsOf, pngOf } from "./pixels.ts";
import { html, useEffect, useState, type VNode } from "./preact.ts";
import { describeStatus, describeTimeLeft, progressOf } from "./progress_text.ts";
import { continueRun, controlJob, readStep, upload } from "./studio_client.ts";
import type { JobState, PictureState } from "../protocol/studio_api.ts";

interface JobProps {
  readonly job: JobState;
  readonly change: (part: FormChange) => void;
  readonly onError: (error: unknown) => void;
}

/** A job: its pictures, and beside them what they are and what can be done. */
export function WatchJob({ job, change, onError }: JobProps): VNode {
  const [number, setNumber] = useState<number>();
  const [step, setStep] = useState<number>();
  const picture = job.pictures.find((one) => one.number === number) ?? rankedPictures(job)[0];
  const [shownStep, setShownStep] = useState<PictureState>();
  useEffect(() => {
    setShownStep(undefined);
    if (step === undefined || picture === undefined) return;
    let isCurrent = true;
    readStep(job.id, picture.number, step).then((found) => {
      if (isCurrent) setShownStep({ ...picture, ...found });
    }, onError);
    return () => void (isCurrent = false);
  }, [step, picture?.number]);
  const shown = step === undefined ? picture : shownStep ?? picture;
  return html`
    <section class="card stage" aria-label="Progress">
      ${picture === undefined || picture.indices === "" ? html`<${Waiting} job=${job} />` : html`
        <div class="watch">
          <figure class="frame single"><${LivePicture} picture=${shown!} /></figure>
          ${job.count > 1 && html`
            <${JobPictures} job=${job} chosen=${picture} onChoose=${(number: number) => {
              setStep(undefined);
              setNumber(number);
            }} />
          `}
        </div>
      `}
      <div class="facts">
        <${Heading} job=${job} picture=${picture} />
        <${Progress} job=${job} picture=${picture} />
        <${Controls} job=${job} picture=${picture} onError=${onError} />
        ${picture && html`
          <${StepChoice} picture=${picture} shown=${shown} step=${step} setStep=${setStep}
            change=${change} onError=${onError} />
          <${Losses} picture=${picture} />
          <${MapViews} key=${picture.number} job=${job} picture=${picture} />
        `}
        <${Notes} job=${job} />
      </div>
    </section>
  `;
}

function Waiting({ job }: { readonly job: JobState }): VNode {
  const isOver = ["failed", "stopped", "done"].includes(job.status);
  return html`
    <div class="frame waiting">
      <div>
        ${!isOver && html`
          <div class="tiles" aria-hidden="true">
            ${Array.from(
              { length: 16 },
              (_, i) => html`<i style=${{ animationDelay: `${(i * 7 % 16) * 0.11}s` }}></i>`,
            )}
          </div>
        `}
        <p>${isOver ? "There is no picture" : describeStatus(job)}</p>
        ${!isOver && job.startedAt !== undefined && html`<${Elapsed} since=${job.startedAt} />`}
      </div>
    </div>
  `;
}

/** Counts the seconds, so that a long wait does not look like a halt. */
function Elapsed({ since }: { readonly since: number }): VNode {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return html`<p class="about">${formatDuration(Math.max(1, (now - since) / 1000))} so far</p>`;
}

interface PartProps {
  readonly job: JobState;
  readonly picture: PictureState | undefined;
}

function Heading({ job, picture }: PartProps): VNode {
  const title = picture?.prompt || job.form?.prompt || "An image";
  const about = picture === undefined
    ? undefined
    : `${picture.width} × ${picture.height} · ${picture.palette} · seed ${picture.seed}`;
  return html`
    <div>
      <h2>${title}</h2>
      ${about && html`<p class="about">${about}</p>`}
    </div>
  `;
}

function Progress({ job, picture }: PartProps): VNode {
  const isOpen = !["done", "failed", "stopped"].includes(job.status);
  const steps = picture && picture.steps > 0 ? `step ${picture.step} of ${picture.steps}` : "";
  const share = progressOf(job);
  const left = picture && job.status === "running" && job.stage === undefined
    ? describeTimeLeft(picture)
    : "";
  return html`
    <div class="progress">
      <p class="line" role="status"><span>${describeStatus(job)}</span><span>${steps}</span></p>
      ${isOpen && html`
        <progress max="1" value=${share > 0 ? share : undefined}
          aria-label="Progress of the job"></progress>
      `}
      ${left && html`<p class="about">${left}</p>`}
      ${job.error && html`<p class="failure">${job.error}</p>`}
    </div>
  `;
}

function Controls({ job, picture, onError }: PartProps & Pick<JobProps, "onError">): VNode | null {
  const control = (action: "pause" | "resume" | "cancel") => () =>
    controlJob(job.id, action).catch(onError);
  const { status } = job;
  const isOpen = ["queued", "running", "paused"].includes(status);
  const { run } = picture ?? {};
  const isUnfinished = run !== undefined && picture!.step < picture!.steps;
  const canContinue = isUnfinished && (status === "stopped" || status === "failed");
  const isMade = run !== undefined && picture!.isDone;
  if (!isOpen && !canContinue && !isMade) return null;
  return html`
    <div class="row">
      ${status === "running" && html`
        <button type="button" onClick=${control("pause")}>Pause</button>
      `}
      ${status === "paused" && html`
        <button type="button" class="primary" onClick=${control("resume")}>Resume</button>
      `}
      ${isOpen && html`<button type="button" onClick=${control("cancel")}>Cancel</button>`}
      ${canContinue && html`
        <button type="button" class="primary"
          onClick=${() => continueRun(run!).catch(onError)}>Continue</button>
      `}
      ${isMade && html`
        <a class="button" download href=${fileAddress(run, "png", enlargementOf(picture!))}>PNG</a>
        <a class="button" href=${`#/paint/${encodeURIComponent(run)}`}>Paint</a>
        <a class="button" href=${`#/gallery/${encodeURIComponent(run)}`}>More formats</a>
      `}
    </div>
  `;
}

/** Enlarges to about 512 pixels. */
function enlargementOf({ height, width }: PictureState): number {
  return Math.max(1, Math.round(512 / Math.max(height, width)));
}

/** Shows an earlier step, and starts from it. */
function StepChoice({ picture, shown, step, setStep, change, onError }: {
  readonly picture: PictureState;
  readonly shown: PictureState | undefined;
  readonly step: number | undefined;
  readonly setStep: (step: number | undefined) => void;
} & Pick<JobProps, "change" | "onError">): VNode | null {
  if (picture.indices === "") return null;
  const branch = async () => {
    try {
      const { width, height, prompt } = picture;
      const { indices } = shown ?? picture;
      const blob = await pngOf({ ...pixelsOf(picture), indices: decodeBase64(indices) });
      const { id } = await upload("image", blob, `step-${shown?.step ?? picture.step}.png`);
      change({ image: id, prompt, size: [height, width] });
      document.querySelector<HTMLElement>(".prompt textarea")?.focus();
    } catch (error) {
      onError(error);
    }
  };
  return html`
    <div class="steps">
      ${picture.step > 0 && html`
        <label>
          <span class="line">Step ${step ?? picture.step}${step === undefined
            ? ""
            : ` of ${picture.step}`}</span>
          <input type="range" min="0" max=${picture.step} value=${step ?? picture.step}
            onInput=${(event: Event) => {
              const value = Number((event.target as HTMLInputElement).value);
              setStep(value >= picture.step ? undefined : value);
            }} />
        </label>
      `}
      <button type="button" onClick=${branch}>Branch from this step</button>
    </div>
  `;
}

function Losses({ picture }: { readonly picture: PictureState }): VNode | null {
  const losses = Object.entries(picture.losses);
  if (losses.length === 0) return null;
  return html`
    <div class="plots">
      ${losses.map(([name, values]) =>
        html`<${LossPlot} key=${name} name=${name} values=${values} />`
      )}
    </div>
  `;
}

function Notes({ job }: { readonly job: JobState }): VNode {
  return html`
    ${job.notes.length > 0 && html`
      <details>
        <summary>Notes (${job.notes.length})</summary>
        <ul>${job.notes.map((note) => html`<li>${note}</li>`)}</ul>
      </details>
    `}
    <details>
      <summary>The command that does this</summary>
      <code>${job.command}</code>
    </details>
  `;
}
