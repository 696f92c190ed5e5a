/// <reference lib="dom" />
import { encodeBase64 } from "../protocol/base64.ts";
import type { Painting } from "./painting.ts";
import { decodeBase64 } from "./pixels.ts";

const KEY = "smalti-painting";

/** A painting that is not saved. */
export interface PaintDraft {
  /** Path of the run that it was opened from; empty for a new picture. */
  readonly run: string;
  readonly name: string;
  readonly painting: Painting;
}

/** Keeps a painting in the tab, so that a visit to another view does not lose it. */
export function writeDraft({ run, name, painting }: PaintDraft): void {
  const { height, width, colors, indices, mask, locked } = painting;
  const [pixels, masked, kept] = [indices, mask, locked].map(encodeBase64);
  const draft = { run, name, height, width, colors, indices: pixels, mask: masked, locked: kept };
  sessionStorage.setItem(KEY, JSON.stringify(draft));
}

/** Returns the painting that was kept; undefined if there is none. */
export function readDraft(): PaintDraft | undefined {
  const text = sessionStorage.getItem(KEY);
  if (text === null) return undefined;
  const { run, name, height, width, colors, indices, mask, locked } = JSON.parse(text);
  const painting = {
    height,
    width,
    colors,
    indices: decodeBase64(indices),
    mask: decodeBase64(mask),
    locked: decodeBase64(locked),
  };
  return { run, name, painting };
}

/** Forgets the painting that was kept. */
export function clearDraft(): void {
  sessionStorage.removeItem(KEY);
}
