/// <reference lib="dom" />
import { html, useId, useRef, useState, type VNode } from "./preact.ts";
import { upload } from "./studio_client.ts";
import type { PaletteInfo } from "../protocol/studio_api.ts";

const GROUPS: readonly (readonly [kind: string, title: string])[] = [
  ["upload", "Yours"],
  ["picture", "Palettes"],
  ["lattice", "Even steps"],
  ["material", "Materials"],
];

/** Colors that a palette may have. */
const MAX_COLORS = 256;

/** Chooses a palette, adds one from a file, and edits its colors in place. */
export function PalettePicker({ palettes, chosen, onChoose, onAdded, onError }: {
  readonly palettes: readonly PaletteInfo[];
  readonly chosen: string;
  readonly onChoose: (id: string) => void;
  /** Called after an upload, so that the list has it. */
  readonly onAdded: () => Promise<void>;
  readonly onError: (error: unknown) => void;
}): VNode {
  const id = useId();
  const file = useRef<HTMLInputElement>(null);
  const [isDragged, setDragged] = useState(false);
  const palette = palettes.find((one) => one.id === chosen);
  const add = async (blob: Blob, name: string) => {
    try {
      const info = await upload("palette", blob, name);
      await onAdded();
      onChoose(info.id);
    } catch (error) {
      onError(error);
    }
  };
  const addFiles = async (files: FileList | null | undefined) => {
    for (const one of files ?? []) await add(one, one.name);
  };
  const edit = (colors: readonly string[]) => {
    const text = colors.map((color) => `${color.slice(1)}\n`).join("");
    const name = `${(palette?.name ?? "mine").replace(/^edited-/, "").slice(0, 30)}`;
    return add(new Blob([text]), `edited-${name}.hex`);
  };
  return html`
    <fieldset class=${`palette ${isDragged ? "dragged" : ""}`}
      onDragOver=${(event: DragEvent) => {
        event.preventDefault();
        setDragged(true);
      }}
      onDragLeave=${() => setDragged(false)}
      onDrop=${(event: DragEvent) => {
        event.preventDefault();
        event.stopPropagation();
        setDragged(false);
        addFiles(event.dataTransfer?.files);
      }}>
      <legend>Palette</legend>
      <div class="row">
        <label class="visually-hidden" for=${id}>Palette</label>
        <select id=${id} value=${chosen}
          onChange=${(event: Event) => onChoose((event.target as HTMLSelectElement).value)}>
          ${GROUPS.map(([kind, title]) => {
            const group = palettes.filter((one) => one.kind === kind);
            return group.length > 0 && html`
              <optgroup label=${title}>
                ${group.map((one) =>
                  html`
                    <option value=${one.id}>${one.name} · ${one.colors.length}</option>
                  `
                )}
              </optgroup>
            `;
          })}
        </select>
        <button type="button" class="quiet" onClick=${() =>
          file.current?.click()}>Add file …</button>
        <input ref=${file} type="file" hidden aria-label="Palette file"
          onChange=${(event: Event) => addFiles((event.target as HTMLInputElement).files)} />
      </div>
      ${palette && html`<${Swatches} palette=${palette} onEdit=${edit} />`}
    </fieldset>
  `;
}

/** The colors of a palette. Each is a color field; a change makes a palette of one's own. */
function Swatches({ palette, onEdit }: {
  readonly palette: PaletteInfo;
  readonly onEdit: (colors: readonly string[]) => void;
}): VNode {
  const { colors, credit } = palette;
  const replace = (index: number, color: string) =>
    onEdit(colors.map((one, i) => i === index ? color : one));
  return html`
    <div class="swatches" role="group" aria-label=${`Colors of ${palette.name}`}>
      ${colors.map((color, i) =>
        html`
          <span class="swatch" key=${`${palette.id} ${i}`}>
            <input type="color" value=${color} aria-label=${`Color ${
              i + 1
            }, ${color}`} title=${color}
              onChange=${(event: Event) => replace(i, (event.target as HTMLInputElement).value)} />
            <button type="button" aria-label=${`Remove color ${i + 1}`} title="Remove"
              disabled=${colors.length < 2}
              onClick=${() => onEdit(colors.filter((_, k) => k !== i))}>×</button>
          </span>
        `
      )}
      ${colors.length < MAX_COLORS && html`
        <button type="button" class="add-color" aria-label="Add a color" title="Add a color"
          onClick=${() => onEdit([...colors, "#808080"])}>+</button>
      `}
    </div>
    ${credit && html`<p class="credit">${credit}</p>`}
  `;
}
