import { SD_PIXL_FLAGS } from "./sd_pixl_flags.ts";

/** Other names of flags: short ones of more than one letter, as SD-piXL has them, and long ones. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  "-c": "--config",
  "-d": "--seed",
  "-h": "--help",
  "-knc": "--kmeans-nb-colors",
  "-npt": "--negative-prompt",
  "-o": "--output",
  "-pt": "--prompt",
  "-p": "--prompt",
  "-respath": "--output",
  "-update": "--update",
  "-mv": "--make-video",
  "-frame_freq": "--video-frame-freq",
  "--results-path": "--output",
  "--quality": "--preset",
  "--save-dir": "--output",
  "--hex-dir": "--hex-path",
  ...Object.fromEntries(
    SD_PIXL_FLAGS.flatMap(({ name, short }) => short === undefined ? [] : [[short, name]]),
  ),
};

/**
 * Rewrites arguments so that a parser needs to know one spelling of each flag.
 *
 * `--input_image` becomes `--input-image`, `-npt` becomes `--negative-prompt`, and `-pt=a` becomes
 * `--prompt=a`. SD-piXL's `-update "a.b=1 c.d=2"` becomes `--set a.b=1 --set c.d=2`. Values stay as
 * they are, and so does everything after "--".
 */
export function normalizeArguments(args: readonly string[]): string[] {
  const end = args.indexOf("--");
  const flags = end < 0 ? args : args.slice(0, end);
  const normalized = flags.map((argument, index) => {
    // What follows a flag that takes a value is that value, even if it begins with a dash.
    if (index > 0 && takesValue(flags[index - 1]!)) return argument;
    return normalizeFlag(argument);
  });
  const split = splitUpdates(normalized);
  return end < 0 ? split : [...split, ...args.slice(end)];
}

/** SD-piXL's `-update "a.b=1 c.d=2"`, in quotes or not, becomes `--set a.b=1 --set c.d=2`. */
function splitUpdates(args: readonly string[]): string[] {
  const split: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const [, attached] = /^--update=(.*)$/s.exec(args[i]!) ?? [];
    if (attached === undefined && args[i] !== "--update") {
      split.push(args[i]!);
      continue;
    }
    const lists = [attached ?? args[++i] ?? ""];
    while (/^[\w.]+=/.test(args[i + 1] ?? "")) lists.push(args[++i]!);
    const items = lists.flatMap((list) => list.trim().split(/\s+(?=[\w.]+=)/));
    split.push(...items.filter((item) => item !== "").flatMap((item) => ["--set", item]));
  }
  return split;
}

/** Flags whose value may look like a flag: "--prompt -pt". */
function takesValue(argument: string): boolean {
  return ["--prompt", "--negative-prompt"].includes(normalizeFlag(argument));
}

function normalizeFlag(argument: string): string {
  const [, name, rest] = /^(--?[\w-]+)(=.*)?$/s.exec(argument) ?? [];
  if (name === undefined) return argument;
  const dashed = name.startsWith("--") ? name.replaceAll("_", "-") : name;
  return (OTHER_NAMES[dashed] ?? dashed) + (rest ?? "");
}
