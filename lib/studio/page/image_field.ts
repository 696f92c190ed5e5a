/// <reference lib="dom" />
import { html, useEffect, useRef, type VNode } from "./preact.ts";
import type { FormChange } from "./order_form.ts";
import { upload } from "./studio_client.ts";
import type { PictureOrderForm, StudioSettings } from "../protocol/studio_api.ts";

/** The image to start from: a file, dropped anywhere on the page, or pasted. */
export function ImageField({ form, limits, change, onError }: {
  readonly form: PictureOrderForm;
  readonly limits: StudioSettings["limits"];
  readonly change: (part: FormChange) => void;
  readonly onError: (error: unknown) => void;
}): VNode {
  const file = useRef<HTMLInputElement>(null);
  const add = async (image: File) => {
    try {
      if (image.size > limits.bytes) {
        throw new RangeError(`The image is too large: at most ${limits.bytes >> 20} MiB`);
      }
      const { id } = await upload("image", image, image.name || "pasted.png");
      change({ image: id });
    } catch (error) {
      onError(error);
    }
  };
  useEffect(() => {
    const take = (event: Event, files: FileList | undefined) => {
      const image = [...files ?? []].find(({ type }) => type.startsWith("image/"));
      if (image === undefined) return;
      event.preventDefault();
      add(image);
    };
    const onPaste = (event: ClipboardEvent) => take(event, event.clipboardData?.files);
    const onDrop = (event: DragEvent) => {
      // Otherwise the browser would leave the page and open the file.
      event.preventDefault();
      take(event, event.dataTransfer?.files);
    };
    const onDragOver = (event: DragEvent) => event.preventDefault();
    addEventListener("paste", onPaste);
    addEventListener("drop", onDrop);
    addEventListener("dragover", onDragOver);
    return () => {
      removeEventListener("paste", onPaste);
      removeEventListener("drop", onDrop);
      removeEventListener("dragover", onDragOver);
    };
  }, []);
  const remove = () => change({ image: undefined, strength: undefined, fit: undefined });
  return html`
    <div class="image-field">
      <input ref=${file} type="file" accept="image/*" hidden aria-label="Start image"
        onChange=${(event: Event) => {
          const [image] = (event.target as HTMLInputElement).files ?? [];
          if (image) add(image);
        }} />
      ${form.image === undefined
        ? html`
          <button type="button" class="drop" onClick=${() => file.current?.click()}>
            Start from an image <small>choose, drop or paste</small></button>
        `
        : html`
          <div class="start-image">
            <img src=${`api/uploads/${encodeURIComponent(form.image)}`} alt="Start image" />
            <div>
              <label>Redraw
                <input type="range" min="0" max="1" step="0.05" value=${form.strength ?? 0.4}
                  onInput=${(event: Event) =>
                    change({ strength: Number((event.target as HTMLInputElement).value) })} />
                <output>${form.strength === undefined
                  ? "as the teacher chooses"
                  : form.strength}</output></label>
              <label>Other shapes
                <select value=${form.fit ?? "crop"} onChange=${(event: Event) =>
                  change({ fit: (event.target as HTMLSelectElement).value })}>
                  <option value="crop">cut off</option>
                  <option value="fit">fill up from the border</option>
                  <option value="pad">fill up with the background</option>
                </select></label>
              <button type="button" class="quiet" onClick=${remove}>Remove the image</button>
            </div>
          </div>
        `}
    </div>
  `;
}
