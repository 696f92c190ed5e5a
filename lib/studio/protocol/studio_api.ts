/**
 * What the studio's page and its server say to each other. Both import it: it uses neither Deno nor
 * the DOM.
 *
 * @module
 */
import type { RunEvent } from "../../report/run_event.ts";

/** What the page asks for when it makes pictures. Each field is a flag of `generate`. */
export interface PictureOrderForm {
  /** What the pictures show. */
  readonly prompt: string;
  /** What they must not show. Default: the config's. */
  readonly negativePrompt?: string;
  /** Height and width in pixels, each from 8 to 256. */
  readonly size: readonly [height: number, width: number];
  /** Name of a built-in palette, or the id of an upload. */
  readonly palette: string;
  /** Name of a preset, such as "standard". */
  readonly preset: string;
  /** A seed in digits, or "random". */
  readonly seed: string;
  /** Number of pictures with consecutive seeds. Default: 1. */
  readonly variations?: number;
  /** Id of an upload: the image to start from. Default: none. */
  readonly image?: string;
  /** Id of an upload: white where the image may change. Default: everywhere. */
  readonly mask?: string;
  /** Id of an upload: an image whose opaque pixels stay as they are. Default: none. */
  readonly keep?: string;
  /** Id of an upload: bright where the likeness counts more. Default: equally everywhere. */
  readonly importance?: string;
  /** How far the teacher may change the start picture, in [0, 1]. Default: the preset's. */
  readonly strength?: number;
  /** How an image of another aspect ratio fits: "crop", "fit" or "pad". Default: "crop". */
  readonly fit?: string;
  /** Behind transparent parts of the image, as `--background` takes it. Default: "auto". */
  readonly background?: string;
  /** Further flags, such as `["--steps", "20"]`; only those of {@linkcode FREE_FLAGS}. */
  readonly flags?: readonly string[];
}

/** Where a job stands. */
export type JobStatus =
  | "queued"
  | "running"
  | "paused"
  | "stopping"
  | "done"
  | "stopped"
  | "failed";

/** A picture of a job. */
export interface PictureState {
  /** Its number in the job, from 1. */
  readonly number: number;
  /** Folder of its run, relative to the output folder, with "/"; undefined before it exists. */
  readonly run: string | undefined;
  readonly prompt: string;
  readonly seed: string;
  readonly height: number;
  readonly width: number;
  /** Name of its palette. */
  readonly palette: string;
  /** Its colors as "#rrggbb", in order. */
  readonly colors: readonly string[];
  /** Steps done. */
  readonly step: number;
  /** Total steps. */
  readonly steps: number;
  /** Palette index of each pixel, a byte each, row by row, in base64. */
  readonly indices: string;
  /** Losses by name, a value for each step that was made; see `StepMetrics`. */
  readonly losses: Readonly<Record<string, readonly number[]>>;
  /** Seconds at each step since the start of the run. */
  readonly seconds: readonly number[];
  /** Timestep of the teacher at the last step; undefined before it. */
  readonly timestep: number | undefined;
  /** Score by the teacher, if it was asked for; higher is better. */
  readonly score: number | undefined;
  /** Whether its files are written. */
  readonly isDone: boolean;
}

/** A call that makes pictures, as the page shows it. */
export interface JobState {
  /** Its id, such as "3". */
  readonly id: string;
  readonly status: JobStatus;
  /** What was asked for; undefined if a run is continued. */
  readonly form: PictureOrderForm | undefined;
  /** The command that does the same. */
  readonly command: string;
  /** When it was asked for, in milliseconds since 1970. */
  readonly createdAt: number;
  /** When it started; undefined while it waits. */
  readonly startedAt: number | undefined;
  /** Number of pictures that were asked for. */
  readonly count: number;
  /** Stage before the first step, such as "load" or "sample". */
  readonly stage: string | undefined;
  /** Teacher calls that sampled images to start from, of how many; undefined in other stages. */
  readonly sample: { readonly call: number; readonly calls: number } | undefined;
  /** Messages of the run for the user, a sentence each. */
  readonly notes: readonly string[];
  /** Why it failed. */
  readonly error: string | undefined;
  /** Its pictures, as far as they have begun. */
  readonly pictures: readonly PictureState[];
}

/** Messages of the event stream `api/events`; the name of the SSE event is `type`. */
export type StudioEvent =
  | {
    /** All jobs, oldest first: the page replaces what it knows. */
    readonly type: "jobs";
    readonly jobs: readonly JobState[];
  }
  | {
    /** A job is new, or has changed; its pictures come in separate events. */
    readonly type: "job";
    readonly job: Omit<JobState, "pictures">;
  }
  | {
    /** A picture of a job is new, or has changed. */
    readonly type: "picture";
    readonly job: string;
    readonly picture: PictureState;
  }
  | {
    /** A step is done: what has changed in the picture. */
    readonly type: "step";
    readonly job: string;
    readonly number: number;
    readonly step: number;
    readonly timestep: number;
    readonly seconds: number;
    readonly losses: Readonly<Record<string, number>>;
    readonly indices: string;
  }
  | {
    /** The files in the output folder have changed: the gallery reads its list again. */
    readonly type: "runs";
  };

/** A palette that the page can choose. */
export interface PaletteInfo {
  /** What an order names: the name of a built-in palette, or the id of an upload. */
  readonly id: string;
  readonly name: string;
  /** Colors as "#rrggbb". */
  readonly colors: readonly string[];
  /** Author and source; empty for an upload. */
  readonly credit: string;
  /** "picture", "lattice", "material" or "upload". */
  readonly kind: string;
}

/** A preset, with what it costs on this machine. */
export interface PresetInfo {
  readonly name: string;
  /** What it is for, such as "fastest". */
  readonly note: string;
  /** Teacher calls for a prompt; undefined if it depends on the teacher. */
  readonly teacherCalls: number | undefined;
  /** Expected seconds of a picture from a prompt; undefined before anything was measured. */
  readonly seconds: number | undefined;
  /** Whether it takes longer than that: a part of it was not measured yet. */
  readonly isMin: boolean;
}

/** Answer of `GET api/settings`: what the forms of the page need. */
export interface StudioSettings {
  /** Name of the teacher, such as "mini". */
  readonly teacher: string;
  /** Path of the output folder, for display. */
  readonly output: string;
  readonly palettes: readonly PaletteInfo[];
  readonly presets: readonly PresetInfo[];
  /** Names and backgrounds that the teacher knows; empty if it tells none. */
  readonly vocabulary: {
    readonly names: readonly string[];
    readonly backgrounds: readonly string[];
  };
  /** Default form. */
  readonly defaults: PictureOrderForm;
  /** Flags of this version that the page may offer, such as "--transparent". */
  readonly flags: readonly string[];
  /** Limits of uploads. */
  readonly limits: { readonly bytes: number; readonly pixels: number };
}

/** Answer of `POST api/uploads`. */
export interface UploadInfo {
  /** Id for orders, such as "image-1f3a….png". */
  readonly id: string;
  /** What it is. */
  readonly kind: "image" | "palette" | "mask";
  /** Size of an image. */
  readonly height?: number;
  readonly width?: number;
  /** The palette. */
  readonly palette?: PaletteInfo;
  /** What was repaired or left out, a sentence each. */
  readonly notes: readonly string[];
}

/** Maps that a running picture can show. */
const MAP_KINDS = ["seen", "entropy", "gradient", "decoded"] as const;

/** A map that a running picture can show. */
export type MapKind = (typeof MAP_KINDS)[number];

/** Tells whether a text names a map. */
export function isMapKind(text: string): text is MapKind {
  return (MAP_KINDS as readonly string[]).includes(text);
}

/** Answer of `GET api/jobs/<id>/pictures/<n>/maps`; empty if the run has ended. */
export interface MapsAnswer {
  /** The step after which they were drawn. */
  readonly step?: number;
  /** Each as a PNG in base64, or why there is none. */
  readonly maps?: Readonly<
    Partial<Record<MapKind, { readonly png?: string; readonly note?: string }>>
  >;
}

/** Flags that an order may add, and whether they take a value: none names a file or folder. */
export const FREE_FLAGS: Readonly<Record<string, boolean>> = {
  "--steps": true,
  "--transparent": false,
  "--symmetry": true,
  "--tile": true,
  "--max-colors": true,
  "--lock-colors": true,
  "--exclude-colors": true,
  "--distance": true,
  "--dither": true,
  "--dither-strength": true,
  "--outline": true,
  "--no-antialias": false,
};

/** An event of a run that a worker hands to the server. */
export type { RunEvent };
