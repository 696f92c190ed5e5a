/// <reference lib="dom" />
import type { GalleryRun } from "../protocol/gallery_api.ts";
import { DOWNLOADS, fileAddress } from "./gallery_client.ts";
import { html, useState, type VNode } from "./preact.ts";

/** Factors that a field of downloads takes. */
const MAX_SCALE = 64;

/** Shows a run large, with its downloads. */
export function GalleryRunDetails({ run: one, onStar, onDelete }: {
  readonly run: GalleryRun;
  readonly onStar: () => void;
  readonly onDelete: () => void;
}): VNode {
  const { run, prompt, height, width, palette, seed, isStarred, frames } = one;
  const largest = Math.min(MAX_SCALE, Math.floor(Math.sqrt(2 ** 24 / (height * width))));
  const [scale, setScale] = useState(() =>
    Math.min(largest, Math.max(1, Math.round(512 / Math.max(height, width))))
  );
  const facts = [
    `${width} × ${height}`,
    palette,
    seed && `seed ${seed}`,
    `${frames} ${frames === 1 ? "frame" : "frames"}`,
  ];
  return html`
    <section class="card details" aria-label="Picture">
      <img class="pixels" src=${fileAddress(run)} alt=${prompt || run} width=${width}
        height=${height} />
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
          <a class="button" href=${`#/paint/${encodeURIComponent(run)}`}>Paint</a>
          <button type="button" onClick=${onDelete}>Delete</button>
          <a class="button" href="#/gallery">Close</a>
        </div>
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
      </div>
    </section>
  `;
}
