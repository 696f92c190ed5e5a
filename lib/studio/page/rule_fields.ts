/// <reference lib="dom" />
import { flagValue, type FormChange, hasFlag, setFlag } from "./order_form.ts";
import { html, useRef, type VNode } from "./preact.ts";
import { upload } from "./studio_client.ts";
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
export function RuleFields({ settings, form, palette, change, onError }: {
  readonly settings: StudioSettings;
  readonly form: PictureOrderForm;
  /** The chosen palette, if it is known. */
  readonly palette: PaletteInfo | undefined;
  readonly change: (part: FormChange) => void;
  readonly onError: (error: unknown) => void;
}): VNode {
  const isOffered = (flag: string) => settings.flags.includes(flag);
  const set = (flag: string, value: string | boolean | undefined) => {
    // Its strength means nothing without dithering.
    const isOff = flag === "--dither" && value === undefined;
    const flags = isOff ? setFlag(form.flags, "--dither-strength", undefined) : form.flags;
    change({ flags: setFlag(flags, flag, value) });
  };
  // An outline may have any color of the palette.
  const colorChoices = (flag: string): Choices =>
    flag === "--outline" ? palette?.colors.map((color) => [color, color] as const) ?? [] : [];
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
                ${[...one.choices, ...colorChoices(one.flag)].map(([value, title]) =>
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
      ${flagValue(form.flags, "--dither") && html`
        <label>Strength of the dithering
          <input type="range" min="0" max="1" step="0.1"
            value=${flagValue(form.flags, "--dither-strength") ?? 1} onInput=${(event: Event) =>
              set("--dither-strength", (event.target as HTMLInputElement).value)} /></label>
      `}
      <${ImportanceField} form=${form} change=${change} onError=${onError} />
      ${palette && html`<${ColorRules} palette=${palette} form=${form} change=${change} />`}
      </div>
    </details>
  `;
}

/** An image whose brightness says how much the likeness of each pixel counts. */
function ImportanceField({ form: { importance }, change, onError }: {
  readonly form: PictureOrderForm;
  readonly change: (part: FormChange) => void;
  readonly onError: (error: unknown) => void;
}): VNode {
  const file = useRef<HTMLInputElement>(null);
  const add = async (image: File) => {
    try {
      change({ importance: (await upload("image", image, image.name)).id });
    } catch (error) {
      onError(error);
    }
  };
  return html`
    <div class="row importance">
      <input ref=${file} type="file" accept="image/*" hidden aria-label="Importance image"
        onChange=${(event: Event) => {
          const [image] = (event.target as HTMLInputElement).files ?? [];
          if (image) add(image);
        }} />
      ${importance === undefined
        ? html`
          <button type="button" class="drop" onClick=${() => file.current?.click()}>
            Importance <small>an image: bright where likeness counts</small></button>
        `
        : html`
          <img src=${`api/uploads/${encodeURIComponent(importance)}`} alt="Importance" />
          <button type="button" class="quiet"
            onClick=${() => change({ importance: undefined })}>Remove the importance</button>
        `}
    </div>
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
              aria-label=${`Rule for ${color}, color ${i + 1}: ${text}`} title=${`${color} ${text}`}
              style=${{ background: color }} onClick=${() => onClick(color)}>
              ${mark && html`<span aria-hidden="true">${mark}</span>`}</button>
          `;
        })}
      </div>
    </div>
  `;
}
