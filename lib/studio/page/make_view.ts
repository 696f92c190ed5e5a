/// <reference lib="dom" />
import { ImageField } from "./image_field.ts";
import { formatCount, formatDuration } from "./format_text.ts";
import { PalettePicker } from "./palette_picker.ts";
import { changeForm, choosePalette, type FormChange } from "./order_form.ts";
import { html, useEffect, useId, useMemo, useState, type VNode } from "./preact.ts";
import { PromptField } from "./prompt_field.ts";
import { RuleFields } from "./rule_fields.ts";
import { makePictures } from "./studio_client.ts";
import type { ViewProps } from "./view.ts";
import { WatchJobs } from "./watch_jobs.ts";
import type { PictureOrderForm, PresetInfo, StudioSettings } from "../protocol/studio_api.ts";

/** Makes pictures, and shows them while they grow. */
export function MakeView(props: ViewProps): VNode {
  const { state, settings, refreshSettings, onError } = props;
  const [form, setForm] = useState<PictureOrderForm>(() => readForm(settings.defaults));
  useEffect(() => sessionStorage.setItem(FORM_KEY, JSON.stringify(form)), [form]);
  const change = (part: FormChange) => setForm((form) => changeForm(form, part));
  const make = async () => {
    if (form.prompt.trim() === "" && form.image === undefined) return;
    try {
      await makePictures(form);
      onError(undefined);
      // On a narrow screen it is below the form.
      requestAnimationFrame(() =>
        document.querySelector(".stage")?.scrollIntoView({ block: "nearest" })
      );
    } catch (error) {
      onError(error);
    }
  };
  // Steps of a run change nothing here: the same elements are not looked at again.
  const order = useMemo(
    () =>
      html`
        <form class="card order" onSubmit=${(event: Event) => {
          event.preventDefault();
          make();
        }}>
          <${PromptField} value=${form.prompt} names=${settings.vocabulary.names}
            onInput=${(prompt: string) => change({ prompt })} onEnter=${make} />
          <button type="submit" class="primary">Make${(form.variations ?? 1) > 1
            ? ` ${form.variations} pictures`
            : ""}</button>
          <${ImageField} form=${form} limits=${settings
            .limits} change=${change} onError=${onError} />
          <${PalettePicker} palettes=${settings.palettes} chosen=${form.palette}
            onChoose=${(palette: string) =>
              change(choosePalette(form, palette))} onAdded=${refreshSettings}
            onError=${onError} />
          <${SizeField} form=${form} change=${change} />
          <${PresetField} presets=${settings.presets} form=${form} change=${change} />
          <${RuleFields} settings=${settings} form=${form} change=${change} onError=${onError}
            palette=${settings.palettes.find(({ id }) => id === form.palette)} />
          <${MoreFields} settings=${settings} form=${form} change=${change} />
        </form>
      `,
    [form, settings],
  );
  return html`
    <div class="make">
      ${order}
      <${WatchJobs} state=${state} change=${change} onError=${onError} />
    </div>
  `;
}

const FORM_KEY = "smalti-form";

/** Returns the form as it was when the page was left, or the default. */
function readForm(defaults: PictureOrderForm): PictureOrderForm {
  try {
    return { ...defaults, ...JSON.parse(sessionStorage.getItem(FORM_KEY) ?? "{}") };
  } catch {
    return defaults;
  }
}

interface FieldProps {
  readonly form: PictureOrderForm;
  readonly change: (part: FormChange) => void;
}

const SIZES = [16, 24, 32, 48, 64, 96, 128, 256];

function SizeField({ form: { size: [height, width] }, change }: FieldProps): VNode {
  const id = useId();
  const known = height === width && SIZES.includes(height);
  const [isOwn, setOwn] = useState(!known);
  const onSide = (event: Event, side: 0 | 1) => {
    const value = Number((event.target as HTMLInputElement).value);
    if (value > 0) change({ size: side === 0 ? [value, width] : [height, value] });
  };
  return html`
    <fieldset>
      <legend>Size in pixels</legend>
      <div class="choices" role="radiogroup" aria-label="Size in pixels">
        ${SIZES.map((side) =>
          html`
            <label><input type="radio" name=${id} checked=${!isOwn && known && height === side}
              onChange=${() => {
                setOwn(false);
                change({ size: [side, side] });
              }} /><span>${side}</span></label>
          `
        )}
        <label><input type="radio" name=${id} checked=${isOwn} onChange=${() => setOwn(true)} />
          <span>other</span></label>
      </div>
      ${isOwn && html`
        <div class="row">
          <label>Width <input type="number" min="8" max="256" value=${width}
            onInput=${(event: Event) => onSide(event, 1)} /></label>
          <label>Height <input type="number" min="8" max="256" value=${height}
            onInput=${(event: Event) => onSide(event, 0)} /></label>
        </div>
      `}
    </fieldset>
  `;
}

function PresetField(
  { presets, form, change }: FieldProps & { readonly presets: readonly PresetInfo[] },
): VNode {
  const id = useId();
  return html`
    <fieldset>
      <legend>Effort</legend>
      <div class="presets" role="radiogroup" aria-label="Effort">
        ${presets.map(({ name, note, seconds, teacherCalls, isMin }) =>
          html`
            <label title=${seconds === undefined
              ? "The time is known when a picture was made"
              : "As long as your pictures took"}>
              <input type="radio" name=${id} checked=${form.preset === name}
              onChange=${() => change({ preset: name })} />
              <span><b>${name}</b> <small>${note}</small>
                <small class="time">${seconds !== undefined
                  ? `${isMin ? "over" : "about"} ${formatDuration(seconds)}`
                  : teacherCalls !== undefined
                  ? `${formatCount(teacherCalls)} teacher calls`
                  : ""}</small></span></label>
          `
        )}
      </div>
    </fieldset>
  `;
}

function MoreFields(
  { settings, form, change }: FieldProps & { readonly settings: StudioSettings },
): VNode {
  const { backgrounds } = settings.vocabulary;
  return html`
    <details class="more">
      <summary>More</summary>
      <div class="more-fields">
      <label>Must not show
        <input type="text" value=${form.negativePrompt ?? ""} placeholder="text, frame"
          onInput=${(event: Event) => {
            const negativePrompt = (event.target as HTMLInputElement).value;
            change({ negativePrompt });
          }} /></label>
      <div class="row">
        <label>Seed
          <input type="text" value=${form.seed} pattern="random|[0-9]{1,20}"
            onInput=${(event: Event) =>
              change({ seed: (event.target as HTMLInputElement).value })} />
        </label>
        <button type="button" class="quiet" onClick=${() =>
          change({ seed: "random" })}>Random</button>
        <label>Variations
          <input type="number" min="1" max="24" value=${form.variations ?? 1}
            onInput=${(event: Event) => {
              const variations = Number((event.target as HTMLInputElement).value);
              if (variations >= 1) change({ variations });
            }} /></label>
      </div>
      ${backgrounds.length > 0 && html`
        <label>Background
          <select value="" onChange=${(event: Event) => {
            const color = (event.target as HTMLSelectElement).value;
            const bare = form.prompt.replace(/ on an? [\w ]+ background$/, "");
            change({ prompt: color === "" ? bare : `${bare} on a ${color} background` });
          }}>
            <option value="">as the prompt says</option>
            ${backgrounds.map((color) => html`<option value=${color}>${color}</option>`)}
          </select></label>
      `}
      </div>
    </details>
  `;
}
