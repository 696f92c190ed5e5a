import type { Seed } from "../../kernels/random/philox.ts";
import type { HubProgress } from "../hub/progress.ts";
import type { TransferRate } from "./transfer_rate.ts";
import type { PictureKey } from "../run/run_picture.ts";
import type { StepMetrics } from "../run/step_report.ts";

/** Tells one of several pictures. */
export interface PictureNumber {
  /** Its number, from 1. */
  readonly number: number;
  /** How many there are. */
  readonly of: number;
}

/**
 * An event of a run. With `--json` each event is one line. If a call makes several pictures, an
 * event names its picture, or is about all of them; events of pictures of one batch are
 * interleaved.
 */
export type RunEvent = OneEvent & {
  /** The picture that the event is about. Default: the only one, or all of them. */
  readonly picture?: PictureNumber;
};

type OneEvent =
  | {
    /** The run starts. */
    readonly event: "start";
    /** Folder of the results. */
    readonly folder: string;
    /** Total optimizer steps. */
    readonly steps: number;
    /** Step after which the run resumes; 0 for a new run. */
    readonly resumedFrom: number;
    /** The most important settings. */
    readonly prompt: string;
    readonly palette: string;
    readonly height: number;
    readonly width: number;
    readonly seed: Seed;
    readonly runtime: string;
    readonly adapter: string;
  }
  | {
    /** A message for the user. */
    readonly event: "note";
    /** A sentence. */
    readonly message: string;
  }
  | {
    /** A stage starts. */
    readonly event: "stage";
    /** Name of the stage, such as "load" or "sample". */
    readonly stage: string;
  }
  | SampleEvent
  | StepEvent
  | DownloadEvent
  | {
    /** The run has ended and its files are written. */
    readonly event: "done";
    /** Folder of the results. */
    readonly folder: string;
    /** Paths of the results, the picture first. */
    readonly files: readonly string[];
    /** Duration in seconds. */
    readonly seconds: number;
    /** Teacher calls, including those before a resumed run. */
    readonly teacherCalls: number;
    /** Those before the run was resumed; only for a resumed run. */
    readonly earlierTeacherCalls?: number;
    /** Whether the user stopped it. */
    readonly interrupted: boolean;
    /** Score by the teacher; only for complete pictures of several. JSON has null for NaN. */
    readonly score?: number;
  }
  | {
    /** One of several pictures failed while others are in progress. */
    readonly event: "failed";
    /** The reason. */
    readonly message: string;
  }
  | PicturesEvent;

/** All of several pictures are made, or the user stopped the call. */
export interface PicturesEvent {
  readonly event: "pictures";
  /** Folder of all of them. */
  readonly folder: string;
  /** The pictures, the best score first. */
  readonly pictures: readonly RankedPicture[];
  /** Number of pictures that were requested. */
  readonly asked: number;
  /** Paths of the contact sheet, if any picture is complete, and of the index. */
  readonly files: readonly string[];
  /** Duration in seconds. */
  readonly seconds: number;
  /** Whether the user stopped it. */
  readonly interrupted: boolean;
}

/** One of several pictures, as the "pictures" event lists it. */
export interface RankedPicture extends PictureKey {
  /** Folder of its run. */
  readonly folder: string;
  /** Score by the teacher; null if the picture was not scored, or the score is NaN. */
  readonly score: number | null;
  /** Whether all steps are done. */
  readonly complete: boolean;
}

/** The teacher was called to sample the images to start from, or to choose one of them. */
export interface SampleEvent {
  readonly event: "sample";
  /** Calls done for the picture, from 1. */
  readonly call: number;
  /** Number of such calls. */
  readonly calls: number;
  /** Seconds since the start. */
  readonly seconds: number;
  /** The picture, if there are several. */
  readonly picture?: PictureNumber;
}

/** An optimizer step is done. */
export interface StepEvent extends StepMetrics {
  readonly event: "step";
  /** Seconds since the start. */
  readonly seconds: number;
  /** The picture, if there are several. */
  readonly picture?: PictureNumber;
}

/** A download has progressed. */
export interface DownloadEvent extends HubProgress, TransferRate {
  readonly event: "download";
}
