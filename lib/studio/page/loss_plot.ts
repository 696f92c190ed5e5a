import { formatNumber } from "./format_text.ts";
import { html, type VNode } from "./preact.ts";

const WIDTH = 100;
const HEIGHT = 30;

/** Points of a line: a plot has about as many pixels. */
const MAX_POINTS = 300;

/**
 * Draws a line through values in a box of 100 x 30. Values that are not finite are left out. Of
 * many, the means of neighbors are drawn.
 */
export function linePath(all: readonly number[]): string {
  const values = all.length > MAX_POINTS ? meansOf(all) : all;
  const finite = values.filter((value) => Number.isFinite(value));
  const [min, max] = [Math.min(...finite), Math.max(...finite)];
  const range = max - min || 1;
  const points = values.flatMap((value, i) => {
    if (!Number.isFinite(value)) return [];
    const x = values.length > 1 ? i / (values.length - 1) * WIDTH : WIDTH / 2;
    const y = HEIGHT - 2 - (value - min) / range * (HEIGHT - 4);
    return [`${x.toFixed(1)} ${y.toFixed(1)}`];
  });
  return points.length === 0 ? "" : `M${points.join("L")}`;
}

function meansOf(values: readonly number[]): number[] {
  return Array.from({ length: MAX_POINTS }, (_, i) => {
    const at = (point: number) => Math.floor(point * values.length / MAX_POINTS);
    const part = values.slice(at(i), at(i + 1));
    return part.reduce((sum, value) => sum + value, 0) / part.length;
  });
}

/** A loss as a small plot, with its last value. */
export function LossPlot(
  { name, values }: { readonly name: string; readonly values: readonly number[] },
): VNode {
  const last = values.at(-1) ?? NaN;
  return html`
    <figure class="plot">
      <svg viewBox=${`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img"
        aria-label=${`${name} over ${values.length} steps`}>
        <path d=${linePath(values)} />
      </svg>
      <figcaption><span>${name}</span><span>${formatNumber(last)}</span></figcaption>
    </figure>
  `;
}
