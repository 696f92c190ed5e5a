import type { Palette } from "./palette.ts";
import type { SheetEntry } from "./preview_sheet.ts";
import { colorCount } from "./swatches.ts";
import style from "./preview_page.css" with { type: "text" };

/** Palettes with more colors have small swatches. */
const LARGE = 64;

/**
 * Writes palettes as one self-contained HTML page without scripts and fonts.
 *
 * Each palette has its name, number of colors, note, warnings, and labeled swatches.
 */
export function palettePage(entries: readonly SheetEntry[]): string {
  const links = entries.map(({ palette }, i) =>
    `<li><a href="#p${i}">${escapeHtml(palette.name)}</a> <small>${palette.size}</small></li>`
  );
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Palettes</title>
<style>
${style.trim()}
</style>
</head>
<body>
<h1>Palettes <small>${entries.length}</small></h1>
${entries.length > 1 ? `<nav><ul>\n${links.join("\n")}\n</ul></nav>\n` : ""}${
    entries.map(section).join("\n")
  }
</body>
</html>
`;
}

function section(entry: SheetEntry, index: number): string {
  const { palette, note, warnings = [], order } = entry;
  const indices = order ?? Array.from({ length: palette.size }, (_, i) => i);
  const lines = [
    `<section id="p${index}">`,
    `<h2>${escapeHtml(palette.name)} <small>${colorCount(palette.size)}</small></h2>`,
    ...note ? [`<p class="note">${linkAddresses(escapeHtml(note))}</p>`] : [],
    ...warnings.map((text) => `<p class="warning">${escapeHtml(text)}</p>`),
    `<ul class="${palette.size > LARGE ? "small colors" : "colors"}">`,
    ...indices.map((i) => swatch(palette, i)),
    "</ul>",
    "</section>",
  ];
  return lines.join("\n");
}

/** The title of a swatch is the index of its color, from 0. */
function swatch(palette: Palette, index: number): string {
  const hex = `#${palette.hexAt(index)}`;
  return `<li><i style="background:${hex}" title="color ${index}"></i><code>${hex}</code></li>`;
}

function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`);
}

function linkAddresses(escaped: string): string {
  return escaped.replaceAll(/https:\/\/[\w./-]+/g, (url) => `<a href="${url}">${url}</a>`);
}
