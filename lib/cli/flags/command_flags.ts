import type { SdPixlValues } from "./sd_pixl_flags.ts";

/** Flags that all commands have. */
export interface SharedFlags {
  /** Whether errors print their stack. */
  readonly debug?: true;
}

/** Flags of `generate`, as typed. */
export interface GenerateFlags extends SharedFlags {
  readonly prompt?: string;
  /** Prompts, if there are several: then `prompt` is left out. */
  readonly prompts?: readonly string[];
  readonly negativePrompt?: string;
  readonly palette?: string;
  /** Palettes, if there are several: then `palette` is left out. */
  readonly palettes?: readonly string[];
  readonly size?: string;
  readonly inputImage?: string;
  readonly fit?: string;
  readonly seed?: string;
  readonly variations?: string;
  readonly batch?: string;
  readonly preset?: string;
  readonly steps?: string;
  readonly config?: string;
  readonly set: readonly string[];
  readonly model?: string;
  readonly download?: true;
  readonly forceDownload?: true;
  readonly kmeansNbColors?: string;
  readonly makeVideo?: true;
  readonly videoFrameFreq?: string;
  readonly videoSize?: string;
  readonly fps?: string;
  readonly videoFormat?: string;
  readonly tensorboard?: true;
  readonly runtime?: string;
  readonly output?: string;
  readonly resume?: string;
  readonly verbose?: true;
  readonly json?: true;
  /** Flags that only SD-piXL's users know, by name. */
  readonly sdPixl?: SdPixlValues;
}

/** Flags of `layers`, as typed. */
export interface LayersFlags extends SharedFlags {
  readonly palette?: string;
  readonly output?: string;
  readonly factor?: string;
  readonly height?: string;
  readonly width?: string;
}

/** Flags of `video`, as typed. */
export interface VideoFlags extends SharedFlags {
  readonly format?: string;
  readonly videoSize?: string;
  readonly fps?: string;
  readonly output?: string;
}

/** Flags of `palettes`, as typed. */
export interface PalettesFlags extends SharedFlags {
  readonly sort?: string;
  readonly html?: true;
  readonly output?: string;
}

/** Flags of `verify`, as typed. */
export interface VerifyFlags extends SharedFlags {
  readonly runtime?: string;
}

/** Flags of `random-teacher`, as typed. */
export interface RandomTeacherFlags extends SharedFlags {
  readonly seed?: string;
  readonly controlnet: readonly string[];
}

/** What runs the commands. */
export interface CommandHandlers {
  generate(flags: GenerateFlags): Promise<void>;
  /** @param source A run's folder or a checkpoint. */
  layers(source: string, flags: LayersFlags): Promise<void>;
  /** @param folder A run's folder. */
  video(folder: string, flags: VideoFlags): Promise<void>;
  palettes(sources: readonly string[], flags: PalettesFlags): Promise<void>;
  verify(folder: string | undefined, flags: VerifyFlags): Promise<void>;
  randomTeacher(kind: string, folder: string, flags: RandomTeacherFlags): Promise<void>;
}
