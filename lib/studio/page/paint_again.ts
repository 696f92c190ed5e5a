/// <reference lib="dom" />
import type { PaletteInfo, PictureOrderForm, StudioSettings } from "../protocol/studio_api.ts";
import { lockedPicture, maskPicture, type Painting } from "./painting.ts";
import { pngOf } from "./pixels.ts";
import { html, useState, type VNode } from "./preact.ts";
import { makePictures, upload } from "./studio_client.ts";

/** Makes a new picture of a painting: inside the mask, and around the locked pixels. */
export function PaintAgain({ painting, prompt: first, settings, onError }: {
  readonly painting: Painting;
  readonly prompt: string;
  readonly settings: StudioSettings;
  readonly onError: (error: unknown) => void;
}): VNode {
  const [prompt, setPrompt] = useState(first);
  const [preset, setPreset] = useState(settings.defaults.preset);
  const [strength, setStrength] = useState(0.6);
  const [isBusy, setBusy] = useState(false);
  const run = async () => {
    setBusy(true);
    try {
      await makePictures(await orderOf(painting, settings.palettes, { prompt, preset, strength }));
      location.hash = "#/make";
    } catch (error) {
      onError(error);
      setBusy(false);
    }
  };
  const hasMask = painting.mask.includes(1);
  return html`
    <form class="again" onSubmit=${(event: Event) => {
      event.preventDefault();
      run();
    }}>
      <fieldset>
        <legend>Run again</legend>
        <p class="about">${hasMask
          ? "Changes only what the mask covers."
          : "Changes all of the picture: paint a mask for a part of it."}</p>
        <label>Prompt
          <input type="text" required value=${prompt} onInput=${(event: Event) =>
            setPrompt((event.target as HTMLInputElement).value)} /></label>
        <label>Effort
          <select value=${preset} onChange=${(event: Event) =>
            setPreset((event.target as HTMLSelectElement).value)}>
            ${settings.presets.map(({ name }) => html`<option value=${name}>${name}</option>`)}
          </select></label>
        <label>Redraw ${strength}
          <input type="range" min="0" max="1" step="0.05" value=${strength}
            onInput=${(event: Event) =>
              setStrength(Number((event.target as HTMLInputElement).value))} /></label>
        <button type="submit" class="primary" disabled=${isBusy}>${hasMask
          ? "Run again inside"
          : "Run again"}</button>
      </fieldset>
    </form>
  `;
}

/** Uploads what a run needs, and returns its order. */
async function orderOf(
  painting: Painting,
  palettes: readonly PaletteInfo[],
  rest: Pick<PictureOrderForm, "prompt" | "preset"> & { readonly strength: number },
): Promise<PictureOrderForm> {
  const { height, width, colors, indices, mask, locked } = painting;
  const hex = colors.map((color) => `${color.slice(1)}\n`).join("");
  const image = await upload("image", await pngOf(painting), "painted.png");
  const known = palettes.find((one) => one.colors.join() === colors.join());
  const palette = known ?? await upload("palette", new Blob([hex]), "painted.hex");
  const masked = mask.includes(1)
    ? { mask: (await upload("mask", await pngOf(maskPicture(painting)), "mask.png")).id }
    : {};
  const kept = locked.includes(1)
    ? { keep: (await upload("image", await pngOf(lockedPicture(painting)), "locked.png")).id }
    : {};
  return {
    ...rest,
    ...masked,
    ...kept,
    size: [height, width],
    palette: palette.id,
    image: image.id,
    seed: "random",
    flags: indices.includes(colors.length) ? ["--transparent"] : [],
  };
}
