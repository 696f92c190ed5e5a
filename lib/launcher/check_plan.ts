/** The start of a command, with the permissions that it needs. */
export interface StartPlan {
  /** Kind of plan. */
  readonly type: "start";
  /** Permissions, as flags of `deno run`. */
  readonly permissions: readonly string[];
  /** Folder in which it runs. */
  readonly cwd: string;
  /** Whether it computes on a GPU. */
  readonly needsAdapter: boolean;
  /** Whether XDG_RUNTIME_DIR is set; graphics drivers print an error without it. */
  readonly hasRuntimeFolder: boolean;
}

/** What the planner decides: a start, a refusal, or that config files must be read before. */
export type Plan =
  | StartPlan
  | { readonly type: "refused"; readonly out: string; readonly error: string }
  | { readonly type: "read"; readonly configs: readonly (readonly string[])[] };

/** Environment variables that the planner may read: they tell folders, and the Hub's address. */
export const PLANNER_VARIABLES: readonly string[] = [
  ...["INIT_CWD", "HF_ENDPOINT", "HF_HOME", "HF_HUB_CACHE", "HF_HUB_DISABLE_IMPLICIT_TOKEN"],
  ...["HF_HUB_OFFLINE", "HF_TOKEN", "HF_TOKEN_PATH", "HOME", "HUGGINGFACE_HUB_CACHE"],
  ...["HUGGING_FACE_HUB_TOKEN", "USERPROFILE", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR"],
];

/** A permission for named values; not for programs, and not for all values of a kind. */
const NAMED = /^--allow-(read|write|net|env|sys)=[^]+$/;
/** The permissions of machine code. */
const NATIVE = ["--allow-read", "--allow-ffi", "--allow-env", "--allow-sys"];
/** Commands whose programs start Deno: tests and benchmarks of the project. */
const STARTING_DENO = ["test", "bench", "bench-queue"];

/**
 * Checks the permissions of a plan again, independently of how they were decided.
 *
 * Whatever the planner says, a command gets neither all permissions nor those to run programs, and
 * machine code only if the arguments contain the word "native".
 *
 * @param args Name of the command, then its arguments.
 * @param deno Path of the Deno that runs.
 * @throws {TypeError} If a permission is none of these.
 */
export function checkPermissions(
  permissions: readonly string[],
  args: readonly string[],
  deno: string,
): void {
  const isNative = args.some((argument) => /(^|=)native$/.test(argument));
  for (const flag of permissions) {
    if (NAMED.test(flag)) continue;
    if (isNative && NATIVE.includes(flag)) continue;
    if (STARTING_DENO.includes(args[0]!) && flag === `--allow-run=${deno}`) continue;
    throw new TypeError(`Cannot start the command: the permission "${flag}" is never granted`);
  }
}
