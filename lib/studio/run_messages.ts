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
    readonly type: "maps";
    readonly job: string;
    readonly number: number;
    readonly kinds: readonly MapKind[];
    /** The maps are of a later step than this one. */
    readonly after: number;
    /** Number of the request, for its answer. */
    readonly request: number;
  };

/** The first state of a picture, before its first step. */
export type StartedPicture = Pick<
  PictureState,
  "number" | "prompt" | "seed" | "height" | "width" | "palette" | "colors" | "step" | "steps"
>;

/** Maps of a picture. */
export interface DrawnMaps {
  /** The step after which they were drawn. */
  readonly step: number;
  /** Each as a PNG, or why there is none. */
  readonly maps: readonly (readonly [kind: MapKind, map: Uint8Array | string])[];
}

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
    readonly type: "maps";
    readonly request: number;
    /** The maps; undefined if the run has ended. */
    readonly maps: DrawnMaps | undefined;
  }
  | {
    readonly type: "end";
    readonly job: string;
    /** Whether it was canceled. */
    readonly stopped: boolean;
    readonly error?: string;
  };
