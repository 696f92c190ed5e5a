import type { ModelFolder } from "../weights/model_folder.ts";
import { type JsonBounds, scanJson } from "../weights/scan_json.ts";
import { subfolderPath } from "../weights/folder_files.ts";
import { ModelConfigError } from "./model_config_error.ts";
import { OptionReader } from "./option_reader.ts";

/** A vocabulary is read like a config: it has a name for each token. */
const BOUNDS: JsonBounds = { maxKeys: 1_000_000, maxDepth: 32 };

/** The JSON file that describes a network in a checkpoint, or a section of it. */
export class ModelConfig extends OptionReader {
  /**
   * Reads a file.
   *
   * @param subfolder Folder of the network inside the model folder; "" for the model folder itself.
   * @throws {ModelConfigError} If it is not a JSON object.
   * @throws {ModelFolderError} If it cannot be read.
   */
  static async open(
    folder: ModelFolder,
    subfolder: string,
    name = "config.json",
  ): Promise<ModelConfig> {
    const path = subfolderPath(subfolder, name);
    const file = `${folder.location.replace(/\/$/, "")}/${path}`;
    const text = await folder.text(path);
    const fault = scanJson(text, BOUNDS);
    if (fault !== undefined) {
      const value = text.slice(0, 20);
      throw new ModelConfigError(file, { key: "", value }, `valid JSON (${fault})`);
    }
    let options: unknown;
    try {
      options = JSON.parse(text);
    } catch {
      throw new ModelConfigError(file, { key: "", value: text.slice(0, 20) }, "JSON");
    }
    if (typeof options !== "object" || options === null || Array.isArray(options)) {
      throw new ModelConfigError(file, { key: "", value: options }, "a JSON object");
    }
    return new ModelConfig(file, options as Record<string, unknown>);
  }

  /**
   * Reads an option that is an object of options, such as those of a part of the network. A missing
   * one is empty.
   *
   * @throws {ModelConfigError} If it is something else.
   */
  section(key: string): ModelConfig {
    const value = this.get(key) ?? {};
    if (typeof value !== "object" || Array.isArray(value)) {
      throw this.refusal(key, "an object with options");
    }
    const options = value as Readonly<Record<string, unknown>>;
    return new ModelConfig(this.file, options, `${this.prefix}${key}.`);
  }
}
