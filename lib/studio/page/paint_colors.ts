/// <reference lib="dom" />
import type { PaletteInfo } from "../protocol/studio_api.ts";
import { type Painting, recolor, swapPalette } from "./painting.ts";
import { html, useState, type VNode } from "./preact.ts";

/** Chooses the color to paint with, changes it in the whole picture, and swaps the palette. */
export function PaintColors({ painting, color, palettes, onColor, onChange }: {
  readonly painting: Painting;
  /** Index of the chosen color; the number of colors is transparent. */
  readonly color: number;
  readonly palettes: readonly PaletteInfo[];
  readonly onColor: (color: number) => void;
  readonly onChange: (change: (painting: Painting) => Painting, continues?: boolean) => void;
}): VNode {
  const { colors } = painting;
  const [by, setBy] = useState<"nearest" | "order">("nearest");
  const [isRecoloring, setRecoloring] = useState(false);
  return html`
    <fieldset>
      <legend>Colors</legend>
      <div class="colors" role="radiogroup" aria-label="Color to paint with">
        ${colors.map((one, i) =>
          html`
            <label class="color" title=${one}>
              <input type="radio" name="paint-color" checked=${i === color} aria-label=${`Color ${
                i + 1
              }, ${one}`}
                onChange=${() => onColor(i)} />
              <span style=${{ background: one }}></span>
            </label>
          `
        )}
      </div>
      ${color < colors.length && html`
        <label>Recolor
          <input type="color" value=${colors[color]} onInput=${(event: Event) => {
            const value = (event.target as HTMLInputElement).value;
            onChange((painting) => recolor(painting, color, value), isRecoloring);
            setRecoloring(true);
          }} onChange=${() => setRecoloring(false)} onBlur=${() => setRecoloring(false)} />
        </label>
      `}
      <label>Swap the palette
        <select value="" onChange=${(event: Event) => {
          const select = event.target as HTMLSelectElement;
          const palette = palettes.find(({ id }) => id === select.value);
          select.value = "";
          if (palette !== undefined) {
            onChange((painting) => swapPalette(painting, palette.colors, by));
            onColor(0);
          }
        }}>
          <option value="">choose …</option>
          ${palettes.filter(({ colors }) => colors.length < 256).map(({ id, name, colors }) =>
            html`<option value=${id}>${name} · ${colors.length}</option>`
          )}
        </select></label>
      <label>Colors become
        <select value=${by} onChange=${(event: Event) =>
          setBy((event.target as HTMLSelectElement).value as typeof by)}>
          <option value="nearest">the nearest ones</option>
          <option value="order">those of the same place</option>
        </select></label>
    </fieldset>
  `;
}
