/// <reference lib="dom" />
import { html, useLayoutEffect, useRef, type VNode } from "./preact.ts";
import { type Pixels, toRgba } from "./pixels.ts";

/**
 * A picture whose pixels stay squares at any size: CSS scales the canvas.
 *
 * @param props.label What it shows; "" where the text beside it tells.
 */
export function PixelCanvas(
  { pixels, label }: { readonly pixels: Pixels; readonly label: string },
): VNode {
  const canvas = useRef<HTMLCanvasElement>(null);
  const { height, width } = pixels;
  useLayoutEffect(() => {
    const context = canvas.current?.getContext("2d");
    context?.putImageData(new ImageData(toRgba(pixels), width, height), 0, 0);
  }, [pixels, width, height]);
  return html`
    <canvas class="pixels" ref=${canvas} width=${width} height=${height}
      role=${label ? "img" : undefined} aria-label=${label || undefined}
      aria-hidden=${label ? undefined : "true"} style=${{
        aspectRatio: `${width} / ${height}`,
      }}></canvas>
  `;
}
