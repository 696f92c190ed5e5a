import type { VNode } from "./preact.ts";
import type { StudioState } from "./studio_state.ts";
import type { StudioSettings } from "../protocol/studio_api.ts";

/** What each view gets. */
export interface ViewProps {
  readonly state: StudioState;
  readonly settings: StudioSettings;
  /** Reads the settings again, after an upload or a finished run. */
  readonly refreshSettings: () => Promise<void>;
  /** Shows an error to the user; undefined hides the last one. */
  readonly onError: (error: unknown) => void;
  /** What follows the name of the view in the address: "#/paint/<rest>". */
  readonly rest: string;
}

/** A view of the studio, at "#/<name>". */
export interface View {
  readonly name: string;
  readonly title: string;
  readonly show: (props: ViewProps) => VNode;
}
