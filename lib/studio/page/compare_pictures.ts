/// <reference lib="dom" />
import type { GalleryRun } from "../protocol/gallery_api.ts";
import { fileAddress } from "./gallery_client.ts";
import { html, useState, type VNode } from "./preact.ts";

/** Compares two pictures, side by side or one over the other with a slider. */
export function ComparePictures({ first, second, onClose }: {
  readonly first: GalleryRun;
  readonly second: GalleryRun;
  readonly onClose: () => void;
}): VNode {
  const [isSlider, setSlider] = useState(false);
  const [share, setShare] = useState(50);
  const picture = ({ run, prompt, height, width }: GalleryRun) =>
    html`
      <img class="pixels" src=${fileAddress(run)} alt=${prompt || run} width=${width}
        height=${height} />
    `;
  const about = ({ prompt, run, palette, seed }: GalleryRun) =>
    [prompt || run, palette, seed && `seed ${seed}`].filter(Boolean).join(" · ");
  return html`
    <section class="card compare" aria-label="Comparison">
      <div class="row">
        <button type="button" aria-pressed=${!isSlider}
          onClick=${() => setSlider(false)}>Side by side</button>
        <button type="button" aria-pressed=${isSlider}
          onClick=${() => setSlider(true)}>Slider</button>
        <button type="button" class="quiet" onClick=${onClose}>Close</button>
      </div>
      ${isSlider
        ? html`
          <div class="stack">
            ${picture(first)}
            <div class="over" style=${{ clipPath: `inset(0 0 0 ${share}%)` }}>${picture(
              second,
            )}</div>
          </div>
          <label class="share">Border between the pictures
            <input type="range" min="0" max="100" value=${share}
              onInput=${(event: Event) =>
                setShare(Number((event.target as HTMLInputElement).value))} />
          </label>
          <p class="about">Left: ${about(first)}. Right: ${about(second)}.</p>
        `
        : html`
          <div class="pair">
            ${[first, second].map((one) =>
              html`<figure>${picture(one)}<figcaption class="about">${
                about(one)
              }</figcaption></figure>`
            )}
          </div>
        `}
    </section>
  `;
}
