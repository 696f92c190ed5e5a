/// <reference lib="dom" />
import { html, useEffect, useState, type VNode } from "./preact.ts";
import { readMap } from "./studio_client.ts";
import type { JobState, MapKind, PictureState } from "../protocol/studio_api.ts";

/** What each map shows. */
const MAPS: readonly (readonly [kind: MapKind, title: string, needsGradient: boolean])[] = [
  ["seen", "What the teacher sees", false],
  ["entropy", "Entropy: where colors are open", false],
  ["gradient", "Gradient: where it pulls", true],
  ["decoded", "Gradient as an image", true],
];

/** Maps of a running picture, which follow its steps. They stay when the run has ended. */
export function MapViews(
  { job, picture }: { readonly job: JobState; readonly picture: PictureState },
): VNode | null {
  const [isOpen, setOpen] = useState(false);
  const [images, setImages] = useState<Partial<Record<MapKind, string>>>({});
  const [note, setNote] = useState("");
  const isLive = job.status === "running" || job.status === "paused";
  const hasGradient = Object.keys(picture.losses).length > 0;
  const shown = MAPS.filter(([, , needsGradient]) => hasGradient || !needsGradient);
  useEffect(() => {
    if (!isOpen || !isLive) return;
    let isCurrent = true;
    const read = async (kind: MapKind) => {
      const image = URL.createObjectURL(await readMap(job.id, picture.number, kind));
      if (!isCurrent) return URL.revokeObjectURL(image);
      setImages((before) => {
        const old = before[kind];
        if (old) URL.revokeObjectURL(old);
        return { ...before, [kind]: image };
      });
      setNote("");
    };
    for (const [kind] of shown) {
      read(kind).catch((error) => isCurrent && setNote(error.message));
    }
    return () => void (isCurrent = false);
  }, [isOpen, isLive, job.id, picture.number, picture.step]);
  if (!isLive && Object.keys(images).length === 0) return null;
  return html`
    <details class="maps" onToggle=${(event: Event) =>
      setOpen((event.target as HTMLDetailsElement).open)}>
      <summary>Look inside</summary>
      <div class="views">
        ${shown.map(([kind, title]) =>
          html`
            <figure key=${kind}>
              ${images[kind] ? html`<img src=${images[kind]} alt=${title} />` : null}
              <figcaption>${images[kind] ? title : `${title}: after this step …`}</figcaption>
            </figure>
          `
        )}
      </div>
      ${isLive && note && html`<p class="about">${note}</p>`}
    </details>
  `;
}
