import type { DownloadEvent } from "./download_event.ts";

/** What a run tells its listeners. With `--json` each is one line. */
export type RunEvent =
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
  };

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
}
