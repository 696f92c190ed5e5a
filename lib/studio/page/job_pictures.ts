import { formatScore } from "../../text/format_score.ts";
import { rankedAddress } from "./gallery_client.ts";
import { PixelCanvas } from "./pixel_canvas.ts";
import { pixelsOf } from "./pixels.ts";
import { html, useMemo, type VNode } from "./preact.ts";
import type { JobState, PictureState } from "../protocol/studio_api.ts";

/** The pictures of a job to choose from: in their order, at its end the best score first. */
export function JobPictures({ job, chosen, onChoose }: {
  readonly job: JobState;
  readonly chosen: PictureState;
  readonly onChoose: (number: number) => void;
}): VNode {
  const pictures = rankedPictures(job).filter(({ indices }) => indices !== "");
  const scored = pictures.filter(isScored);
  const isRanked = job.status === "done" && scored.length > 1;
  const runs = scored.flatMap(({ run }) => run === undefined ? [] : [run]);
  return html`
    <div class="frames" role="group" aria-label="Pictures of this job">
      ${pictures.map((one, i) =>
        html`
          <button key=${one.number} type="button"
            aria-label=${`Picture ${one.number}, seed ${one.seed}`}
            aria-pressed=${one === chosen ? "true" : "false"}
            onClick=${() => onChoose(one.number)}>
            <${LivePicture} picture=${one} />
            ${isRanked && isScored(one) && html`
              <span class="place">${i + 1}. ${formatScore(one.score!)}</span>
            `}
          </button>
        `
      )}
    </div>
    ${isRanked && html`
      <p class="about">Ranked by how much better the teacher predicts the noise in noisy copies with
        the prompt than without it. <a download href=${rankedAddress(runs)}>Contact sheet</a></p>
    `}
  `;
}

function isScored({ score }: PictureState): boolean {
  return Number.isFinite(score);
}

/** Returns the pictures of a job in their order; when all are done, the best score first. */
export function rankedPictures({ status, pictures }: JobState): readonly PictureState[] {
  if (status !== "done") return pictures;
  const scoreOf = (one: PictureState) => isScored(one) ? one.score! : -Infinity;
  return pictures.toSorted((a, b) => scoreOf(b) - scoreOf(a) || 0);
}

/** A picture of a job as it is. */
export function LivePicture({ picture }: { readonly picture: PictureState }): VNode {
  const { indices, colors, height, width } = picture;
  const pixels = useMemo(() => pixelsOf(picture), [indices, colors, height, width]);
  return html`<${PixelCanvas} pixels=${pixels} label=${picture.prompt || "picture"} />`;
}
