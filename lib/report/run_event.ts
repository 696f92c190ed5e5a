import type { DownloadEvent } from "./download_event.ts";

/** Which of several pictures. */
export interface PictureNumber {
  /** Its number, from 1. */
  readonly number: number;
  /** How many there are. */
  readonly of: number;
}

/**
 * What a run tells its listeners. With `--json` each is one line. Where a call makes several
 * pictures, each event is of the one that it names, or of all of them; events of pictures that are
 * made at once are mixed.
 */
export type RunEvent = OneEvent & {
  /** The picture that it is of. */
  readonly picture?: PictureNumber;
};

type OneEvent =
  | {
    /** The run begins. */
    readonly event: "start";
    /** Folder of the results. */
    readonly folder: string;
    /** Optimizer steps in all. */
    readonly steps: number;
    /** Step from which a run goes on; 0 for a new one. */
    readonly resumedFrom: number;
    /** The settings that matter most. */
    readonly prompt: string;
    readonly palette: string;
    readonly height: number;
    readonly width: number;
    readonly seed: number;
    readonly runtime: string;
    readonly adapter: string;
  }
  | {
    /** Something that the user should know. */
    readonly event: "note";
    /** A sentence. */
    readonly message: string;
  }
  | {
    /** What begins, such as "load" or "sample". */
    readonly event: "stage";
    /** Its name. */
    readonly stage: string;
  }
  | StepEvent
  | DownloadEvent
  | {
    /** The run has ended and its files are there. */
    readonly event: "done";
    /** Folder of the results. */
    readonly folder: string;
    /** Paths of the results, the picture first. */
    readonly files: readonly string[];
    /** Duration in seconds. */
    readonly seconds: number;
    /** Images that the teacher judged or drew. */
    readonly evaluations: number;
    /** Whether the user stopped it. */
    readonly interrupted: boolean;
    /** How well the teacher finds that it fits; only for complete ones of several, NaN is null. */
    readonly score?: number;
  }
  | {
    /** A picture could not be made, while others are being made. */
    readonly event: "failed";
    /** Why not. */
    readonly message: string;
  }
  | PicturesEvent;

/** All of several pictures are made, or those until the user stopped it. */
export interface PicturesEvent {
  readonly event: "pictures";
  /** Folder of all of them. */
  readonly folder: string;
  /** The pictures, the one with the best score first. */
  readonly pictures: readonly RankedPicture[];
  /** Pictures that were asked for. */
  readonly asked: number;
  /** Paths of the contact sheet, if a picture is complete, and of the index. */
  readonly files: readonly string[];
  /** Duration in seconds. */
  readonly seconds: number;
  /** Whether the user stopped it. */
  readonly interrupted: boolean;
}

/** One of several pictures. */
export interface RankedPicture {
  /** Its number, from 1, in the order in which they are made. */
  readonly number: number;
  readonly prompt: string;
  readonly palette: string;
  readonly seed: number;
  /** Folder of its run. */
  readonly folder: string;
  /** How well the teacher finds that it fits; null if it was not asked, or found no number. */
  readonly score: number | null;
  /** Whether all steps are done. */
  readonly complete: boolean;
}

/** An optimizer step was made. */
export interface StepEvent {
  readonly event: "step";
  /** Step, from 1. */
  readonly step: number;
  /** Steps in all. */
  readonly steps: number;
  /** Losses by name. */
  readonly losses: Readonly<Record<string, number>>;
  /** Learning rate of the step. */
  readonly learningRate: number;
  /** Diffusion time, integer in [0, 1000). */
  readonly timestep: number;
  /** Images that the teacher judged or drew up to now. */
  readonly evaluations: number;
  /** Seconds since the start. */
  readonly seconds: number;
  /** Which of several pictures it is of. */
  readonly picture?: PictureNumber;
}
