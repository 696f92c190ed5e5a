/// <reference lib="dom" />
import { formatScore } from "../../text/format_score.ts";
import type { GalleryRun } from "../protocol/gallery_api.ts";
import { DOWNLOADS, fileAddress } from "./gallery_client.ts";
import { continueRun } from "./studio_client.ts";
import { html, useState, type VNode } from "./preact.ts";

/** Factors that a field of downloads takes. */
const MAX_SCALE = 64;

/** Shows a run large, with its downloads. */
export function GalleryRunDetails({ run: one, onStar, onDelete, onError }: {
  readonly run: GalleryRun;
  readonly onStar: () => void;
  readonly onDelete: () => void;
  readonly onError: (error: unknown) => void;
}): VNode {
  const { run, prompt, height, width, palette, seed, isStarred, frames, unfinished, score, rank } =
    one;
  const largest = Math.min(MAX_SCALE, Math.floor(Math.sqrt(2 ** 24 / (height * width))));
  const [scale, setScale] = useState(() =>
    Math.min(largest, Math.max(1, Math.round(512 / Math.max(height, width))))
  );
  const resume = async () => {
    try {
      await continueRun(run);
      location.hash = "#/make";
    } catch (error) {
      onError(error);
    }
  };
  const facts = [
    `${width} × ${height}`,
    palette,
    seed && `seed ${seed}`,
    `${frames} ${frames === 1 ? "frame" : "frames"}`,
    score !== undefined && `score ${formatScore(score)}, place ${rank} of its prompt`,
    unfinished && `stopped after step ${unfinished.step} of ${unfinished.steps}`,
  ];
  return html`
    <section class="card details" aria-label="Picture">
    ${frames > 0
      ? html`
        <img class="pixels" src=${fileAddress(run)} alt=${prompt || run} width=${width}
          height=${height} />
      `
      : html`<p class="empty">no picture yet</p>`}
          <div class="facts">
            <div>
              <h2>${prompt || run}</h2>
              <p class="about">${facts.filter(Boolean).join(" · ")}</p>
              <p class="about path">${run}</p>
            </div>
            <div class="row">
              <button type="button" aria-pressed=${isStarred} onClick=${onStar}>${isStarred
                ? "★ Starred"
                : "☆ Star"}</button>
              ${unfinished &&
                html`<button type="button" class="primary" onClick=${resume}>Continue</button>`}
              ${frames > 0 &&
                html`<a class="button" href=${`#/paint/${encodeURIComponent(run)}`}>Paint</a>`}
              <button type="button" onClick=${onDelete}>Delete</button>
              <a class="button" href="#/gallery">Close</a>
            </div>
    ${frames > 0 && html`
      <fieldset>
        <legend>Download</legend>
        <label>Scale
          <input type="number" min="1" max=${largest} step="1" value=${scale}
            onInput=${(event: Event) => {
              const value = Number((event.target as HTMLInputElement).value);
              if (Number.isInteger(value) && value >= 1 && value <= largest) setScale(value);
            }} />
        </label>
        <p class="about">PNG and GIF: ${width * scale} × ${height * scale} pixels</p>
        <div class="row">
          ${DOWNLOADS.map(({ format, title, hasScale }) =>
            html`
              <a class="button" download
                href=${fileAddress(run, format, hasScale ? scale : 1)}>${title}</a>
            `
          )}
        </div>
      </fieldset>
    `}
          </div>
        </section>
  `;
}
