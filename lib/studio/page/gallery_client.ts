import type { GalleryList, PictureData } from "../protocol/gallery_api.ts";
import { getJson, postJson } from "./studio_client.ts";

/** Formats of downloads; `hasScale` tells whether pixels are enlarged. */
export const DOWNLOADS = [
  { format: "png", title: "PNG", hasScale: true },
  { format: "gif", title: "GIF", hasScale: true },
  { format: "aseprite", title: "Aseprite", hasScale: false },
  { format: "svg", title: "SVG", hasScale: false },
] as const;

/** Returns the address of a run's picture in a format. */
export function fileAddress(run: string, format: string = "png", scale: number = 1): string {
  return `api/runs/file?${new URLSearchParams({ run, format, scale: `${scale}` })}`;
}

/** Returns the address of a sheet of the pictures of runs. */
export function sheetAddress(runs: readonly string[]): string {
  return `api/runs/sheet?${new URLSearchParams(runs.map((run) => ["run", run]))}`;
}

/** Returns the address of a contact sheet of runs whose scores compare, the best first. */
export function rankedAddress(runs: readonly string[]): string {
  return `api/runs/ranked?${new URLSearchParams(runs.map((run) => ["run", run]))}`;
}

/** Lists the runs, the newest first. */
export async function listRuns(): Promise<GalleryList> {
  return await getJson("api/runs");
}

/** Reads the picture of a run. */
export async function readPixels(run: string): Promise<PictureData> {
  return await getJson(`api/runs/pixels?${new URLSearchParams({ run })}`);
}

/** Marks a run, or removes its mark. */
export async function starRun(run: string, isStarred: boolean): Promise<void> {
  await postJson("api/runs/star", { run, isStarred });
}

/** A deleted run: its path before, and in the trash folder. */
export interface TrashedRun {
  readonly run: string;
  readonly trashed: string;
}

/** Moves a run to the trash folder. */
export async function trashRun(run: string): Promise<TrashedRun> {
  return { run, ...await postJson<{ readonly trashed: string }>("api/runs/trash", { run }) };
}

/** Moves a run back from the trash folder. */
export async function restoreRun(trashed: TrashedRun): Promise<void> {
  await postJson("api/runs/restore", trashed);
}

/** Saves a picture as a new one; returns its path in the output folder. */
export async function savePicture(picture: PictureData): Promise<{ readonly run: string }> {
  return await postJson("api/pictures", picture);
}
