/// <reference lib="dom" />
import { html, useEffect, useState, type VNode } from "./preact.ts";
import { readMaps } from "./studio_client.ts";
import { useVisible } from "./use_visible.ts";
import type { JobState, MapKind, MapsAnswer, PictureState } from "../protocol/studio_api.ts";

/** What each map shows. */
const MAPS: readonly (readonly [kind: MapKind, title: string, needsGradient: boolean])[] = [
  ["seen", "What the teacher sees", false],
  ["entropy", "Entropy: bright where colors are open", false],
  ["gradient", "Gradient: bright where the teacher pulls", true],
  ["decoded", "Gradient decoded: its colors and shapes", true],
];

/** Maps of a running picture, which follow its steps. They stay when the run has ended. */
export function MapViews(
  { job, picture }: { readonly job: JobState; readonly picture: PictureState },
): VNode | null {
  const [isOpen, setOpen] = useState(false);
  const [{ step, maps = {} }, setMaps] = useState<MapsAnswer>({});
  const isVisible = useVisible();
  const isLive = job.status === "running" || job.status === "paused";
  const hasGradient = Object.keys(picture.losses).length > 0;
  const shown = MAPS.filter(([, , needsGradient]) => hasGradient || !needsGradient);
  useEffect(() => {
    if (!isOpen || !isLive || !isVisible) return;
    const controller = new AbortController();
    const { signal } = controller;
    const follow = async () => {
      const kinds = shown.map(([kind]) => kind);
      for (let after = -1;;) {
        const next = await readMaps({ job: job.id, number: picture.number, kinds, after, signal });
        if (next.step === undefined || signal.aborted) return;
        after = next.step;
        setMaps(next);
      }
    };
    // The event stream tells of a lost connection.
    follow().catch(() => {});
    return () => controller.abort();
  }, [isOpen, isLive, isVisible, hasGradient, job.id, picture.number]);
  if (!isLive && Object.keys(maps).length === 0) return null;
  return html`
    <details class="maps" onToggle=${(event: Event) =>
      setOpen((event.target as HTMLDetailsElement).open)}>
      <summary>Look inside</summary>
      ${step !== undefined && html`<p class="about">After step ${step}</p>`}
      <div class="views">
        ${shown.map(([kind, title]) => {
          const { png, note } = maps[kind] ?? {};
          return html`
            <figure key=${kind}>
              ${png === undefined
                ? html`<div class="no-map">${note ?? "after this step …"}</div>`
                : html`<img src=${`data:image/png;base64,${png}`} alt=${title} />`}
              <figcaption>${title}</figcaption>
            </figure>
          `;
        })}
      </div>
    </details>
  `;
}
