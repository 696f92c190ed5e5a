import type { RunEvent } from "../report/run_event.ts";
import type { MapKind, PictureState } from "./protocol/studio_api.ts";

/** Messages of the server to the worker. */
export type ToWorker =
  | {
    readonly type: "make";
    readonly job: string;
    /** Arguments of `generate`. */
    readonly args: readonly string[];
  }
  | { readonly type: "pause" | "resume" | "cancel"; readonly job: string }
  | {
    readonly type: "map";
    readonly job: string;
    readonly number: number;
    readonly kind: MapKind;
    /** Number of the request, for its answer. */
    readonly request: number;
  };

/** The first state of a picture, before its first step. */
export type StartedPicture = Pick<
  PictureState,
  "number" | "prompt" | "seed" | "height" | "width" | "palette" | "colors" | "step" | "steps"
>;

/** Messages of the worker to the server. */
export type FromWorker =
  | { readonly type: "started"; readonly job: string; readonly count: number }
  | { readonly type: "event"; readonly job: string; readonly event: RunEvent }
  | { readonly type: "picture"; readonly job: string; readonly picture: StartedPicture }
  | {
    readonly type: "pixels";
    readonly job: string;
    readonly number: number;
    readonly step: number;
    /** Palette index of each pixel. */
    readonly indices: Uint8Array;
  }
  | {
    readonly type: "map";
    readonly request: number;
    /** A PNG, or why there is none. */
    readonly result: Uint8Array | string;
  }
  | {
    readonly type: "end";
    readonly job: string;
    /** Whether it was canceled. */
    readonly stopped: boolean;
    readonly error?: string;
  };
