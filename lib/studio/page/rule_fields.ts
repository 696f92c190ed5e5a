/// <reference lib="dom" />
import { flagValue, type FormChange, hasFlag, setFlag } from "./order_form.ts";
import { html, type VNode } from "./preact.ts";
import type { PaletteInfo, PictureOrderForm, StudioSettings } from "../protocol/studio_api.ts";

/** Choices of a flag: its value, and what the page says. */
type Choices = readonly (readonly [value: string, title: string])[];

interface ChoiceFlag {
  readonly flag: string;
  readonly title: string;
  /** What the page says without the flag. */
  readonly none: string;
  readonly choices: Choices;
}

const CHOICE_FLAGS: readonly ChoiceFlag[] = [
  {
    flag: "--symmetry",
    title: "Symmetry",
    none: "none",
    choices: [
      ["x", "left and right"],
      ["y", "top and bottom"],
      ["xy", "both"],
      ["rotate4", "when turned by 90°"],
    ],
  },
  {
    flag: "--tile",
    title: "Tile",
    none: "no",
    choices: [["x", "side by side"], ["y", "above each other"], ["xy", "in both directions"]],
  },
  {
    flag: "--dither",
    title: "Dithering",
    none: "none",
    choices: [
      ["bayer2", "Bayer 2 × 2"],
      ["bayer4", "Bayer 4 × 4"],
      ["bayer8", "Bayer 8 × 8"],
      ["blue-noise", "blue noise"],
    ],
  },
  {
    flag: "--outline",
    title: "Outline",
    none: "none",
    choices: [["auto", "the darkest color"]],
  },
  {
    flag: "--distance",
    title: "Match colors",
    none: "by red, green and blue",
    choices: [["oklab", "as the eye sees (OKLab)"], ["ciede2000", "as the eye sees (CIEDE2000)"]],
  },
];

/** Flags that are on or off. */
const SWITCHES = [
  ["--transparent", "Transparent background"],
  ["--no-antialias", "Hard edges: no colors between two areas"],
] as const;

/** Rules that the picture obeys. Each is a flag of `generate`, which refuses contradictions. */
export function RuleFields({ settings, form, palette, change }: {
  readonly settings: StudioSettings;
  readonly form: PictureOrderForm;
  /** The chosen palette, if it is known. */
  readonly palette: PaletteInfo | undefined;
  readonly change: (part: FormChange) => void;
}): VNode {
  const isOffered = (flag: string) => settings.flags.includes(flag);
  const set = (flag: string, value: string | boolean | undefined) =>
    change({ flags: setFlag(form.flags, flag, value) });
  const chosen = form.flags?.filter((one) => one.startsWith("--")).length ?? 0;
  return html`
    <details class="more rules">
      <summary>Rules${chosen > 0 ? ` (${chosen})` : ""}</summary>
      <div class="more-fields">
      ${SWITCHES.filter(([flag]) => isOffered(flag)).map(([flag, title]) =>
        html`
          <label class="check"><input type="checkbox" checked=${hasFlag(form.flags, flag)}
            onChange=${() => set(flag, !hasFlag(form.flags, flag))} /> ${title}</label>
        `
      )}
      <div class="pairs">
        ${CHOICE_FLAGS.filter(({ flag }) => isOffered(flag)).map((one) =>
          html`
            <label>${one.title}
              <select value=${flagValue(form.flags, one.flag) ?? ""} onChange=${(event: Event) =>
                set(one.flag, (event.target as HTMLSelectElement).value || undefined)}>
                <option value="">${one.none}</option>
                ${one.choices.map(([value, title]) =>
                  html`<option value=${value}>${title}</option>`
                )}
              </select></label>
          `
        )}
        <label>Max colors
          <input type="number" min="1" max="256" placeholder="all"
            value=${flagValue(form.flags, "--max-colors") ?? ""} onInput=${(event: Event) =>
              set("--max-colors", (event.target as HTMLInputElement).value || undefined)} /></label>
      </div>
      ${palette && html`<${ColorRules} palette=${palette} form=${form} change=${change} />`}
      </div>
    </details>
  `;
}

/** What may become of a color, in the order of clicks. */
const COLOR_STATES = [
  { flag: undefined, mark: "", text: "may be used" },
  { flag: "--lock-colors", mark: "✓", text: "is never dropped" },
  { flag: "--exclude-colors", mark: "×", text: "is not used" },
] as const;

/** The colors of the palette: a click locks or excludes one. */
function ColorRules({ palette: { colors }, form: { flags }, change }: {
  readonly palette: PaletteInfo;
  readonly form: PictureOrderForm;
  readonly change: (part: FormChange) => void;
}): VNode {
  const listOf = (flag: string | undefined) =>
    flag === undefined ? [] : flagValue(flags, flag)?.split(",") ?? [];
  const stateOf = (color: string) =>
    Math.max(0, COLOR_STATES.findIndex(({ flag }) => listOf(flag).includes(color)));
  const hasLimit = hasFlag(flags, "--max-colors");
  const onClick = (color: string) => {
    // Without a limit, no color is dropped: locking one means nothing.
    const states = COLOR_STATES.filter(({ flag }) => flag !== "--lock-colors" || hasLimit);
    const next = states[(states.indexOf(COLOR_STATES[stateOf(color)]!) + 1) % states.length]!;
    const changed = COLOR_STATES.reduce<readonly string[] | undefined>((flags, { flag }) => {
      if (flag === undefined) return flags;
      const left = listOf(flag).filter((one) => one !== color && colors.includes(one));
      const list = flag === next.flag ? [...left, color] : left;
      return setFlag(flags, flag, list.length > 0 ? list.join(",") : undefined);
    }, flags);
    change({ flags: changed });
  };
  return html`
    <div class="color-rules" role="group" aria-label="Colors that are locked or not used">
      <p class="credit">Click a color${hasLimit
        ? ": ✓ is never dropped,"
        : ":"} × is not used${hasLimit ? "" : ". With max colors, ✓ is never dropped"}.</p>
      <div class="swatches">
        ${colors.map((color, i) => {
          const { mark, text } = COLOR_STATES[stateOf(color)]!;
          return html`
            <button type="button" key=${`${color} ${i}`} class="rule-color"
              aria-label=${`Color ${i + 1}, ${color}, ${text}`} title=${`${color} ${text}`}
              style=${{ background: color }} onClick=${() => onClick(color)}>
              ${mark && html`<span aria-hidden="true">${mark}</span>`}</button>
          `;
        })}
      </div>
    </div>
  `;
}
