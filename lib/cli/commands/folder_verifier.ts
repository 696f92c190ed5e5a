import { verifyFolder } from "../../verify/verify_folder.ts";
import type { Verifier } from "./verify.ts";

/** The project's own reference tensors. */
const OWN_FOLDER = new URL("../../../tests/fixtures/goldens/", import.meta.url);

/** Compares a folder of reference tensors, or the project's own. */
export const FOLDER_VERIFIER: Verifier = (folder, options) =>
  verifyFolder(folder ?? OWN_FOLDER, options);
