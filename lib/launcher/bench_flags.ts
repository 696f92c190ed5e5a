import { type Flag, UsageError } from "../cli/flags/flag.ts";
import { attachValues } from "../cli/flags/parse_command_line.ts";
import { didYouMean } from "../text/did_you_mean.ts";

/** A benchmark with flags. */
export type BenchCommand = "bench-recipes" | "bench-steps" | "bench-queue";

/** A flag of a benchmark. */
export interface BenchFlag
  extends Pick<Flag, "name" | "value" | "isList" | "path" | "help" | "aliases"> {
  /** Benchmarks that take it. */
  readonly commands: readonly BenchCommand[];
  /** Value if it is not typed. */
  readonly default?: string;
}

/**
 * All flags of the benchmarks. The table feeds their parser, their help and their permissions. In
 * a help text, "{name}" stands for a list that the benchmark fills in.
 */
export const BENCH_FLAGS = [
  {
    name: "--set",
    commands: ["bench-recipes"],
    value: "names48,…",
    default: "names48",
    help: "sets of prompts: {sets}",
  },
  {
    name: "--recipes",
    commands: ["bench-recipes"],
    value: "a,b",
    help: "default: all fast ones for the set; for the hard sets: {hard}",
  },
  {
    name: "--sizes",
    commands: ["bench-recipes"],
    value: "32,…",
    default: "32",
    help: 'sizes in pixels; "all": {sizes}',
  },
  {
    name: "--palettes",
    commands: ["bench-recipes"],
    value: "sweetie-16,…",
    default: "sweetie-16",
    help: 'built-in palettes; "all": {palettes}',
  },
  {
    name: "--seeds",
    commands: ["bench-recipes"],
    value: "0,…",
    default: "0",
    help: '"all": {seeds}',
  },
  {
    name: "--limit",
    commands: ["bench-recipes"],
    value: "N",
    help: "only the first N prompts of each set",
  },
  {
    name: "--batch",
    commands: ["bench-recipes"],
    value: "N",
    default: "1",
    help: "maximum batch size; default: 1",
  },
  {
    name: "--sizes",
    commands: ["bench-steps"],
    value: "16,32,…",
    default: "16,32,64,128,256",
    help: "sizes in pixels, with --base-colors colors (default: 16,32,64,128,256)",
  },
  {
    name: "--colors",
    commands: ["bench-steps"],
    value: "2,4,…",
    default: "2,4,8,16,32,64,128,256",
    help: "colors, at --base-size pixels (default: 2,4,8,16,32,64,128,256)",
  },
  { name: "--base-size", commands: ["bench-steps"], value: "32", default: "32", help: "" },
  { name: "--base-colors", commands: ["bench-steps"], value: "16", default: "16", help: "" },
  { name: "--all", commands: ["bench-steps"], help: "all sizes with all numbers of colors" },
  {
    name: "--steps",
    commands: ["bench-steps"],
    value: "5",
    default: "5",
    help: "measured steps; the minimum counts",
  },
  {
    name: "--mode",
    commands: ["bench-queue"],
    value: "kills",
    default: "kills",
    help: "kills: workers are killed while they make pictures; throughput: pictures a minute",
  },
  {
    name: "--jobs",
    commands: ["bench-queue"],
    value: "200",
    help:
      "pictures: painted ones for kills (default: 200; 0: none), real ones for throughput (default: 8 " +
      "for each worker)",
  },
  {
    name: "--workers",
    commands: ["bench-queue"],
    value: "N,…",
    help: "numbers of workers (default: 4 for kills; 1,2,4 for throughput)",
  },
  {
    name: "--kill-seconds",
    commands: ["bench-queue"],
    value: "3",
    default: "3",
    help: "time between two kills",
  },
  {
    name: "--mini",
    commands: ["bench-queue"],
    value: "3",
    default: "3",
    help: "pictures of the teacher mini whose workers are killed, and compared bit by bit",
  },
  {
    name: "--adapters",
    commands: ["bench-queue"],
    value: "pci-…,…",
    help:
      "GPUs by their PCI address, such as pci-0000_65_00_0, in turn for the workers (default: " +
      "those of nvidia-smi, else the only one)",
  },
  {
    name: "--preset",
    commands: ["bench-queue"],
    value: "draft",
    default: "draft",
    help: "preset of the pictures of throughput",
  },
  {
    name: "--size",
    commands: ["bench-queue"],
    value: "32,32",
    default: "32,32",
    help: "their size",
  },
  {
    name: "--model",
    commands: ["bench-recipes", "bench-steps", "bench-queue"],
    value: "mini",
    default: "mini",
    path: "read",
    help: "teacher: folder or URL",
  },
  {
    name: "--runtime",
    commands: ["bench-recipes", "bench-steps", "bench-queue"],
    value: "auto",
    default: "auto",
    help: "webgpu, wasm, native",
  },
  {
    name: "--judge",
    commands: ["bench-recipes"],
    value: "folder",
    path: "read",
    help: "weights and tokenizer of the judge that scores pictures",
  },
  {
    name: "--shard",
    commands: ["bench-recipes"],
    value: "K/N",
    help: "only part K of N, for N programs with one folder; without it, the tables of all parts",
  },
  {
    name: "--tables",
    commands: ["bench-recipes"],
    help: "make no pictures; write the tables of those that exist",
  },
  {
    name: "--override",
    commands: ["bench-recipes"],
    value: "key=value",
    isList: true,
    help: "setting that overrides all recipes; may be repeated",
  },
  {
    name: "--output",
    commands: ["bench-recipes", "bench-steps", "bench-queue"],
    value: "workdir/bench",
    default: "workdir/bench",
    path: "write",
    help: "folder of tables, charts and pictures; existing pictures are kept",
  },
  {
    name: "--help",
    aliases: ["-h"],
    commands: ["bench-recipes", "bench-steps", "bench-queue"],
    help: "this text",
  },
] as const satisfies readonly BenchFlag[];

/** Name of a flag of a benchmark. */
export type BenchFlagName = typeof BENCH_FLAGS[number]["name"];

/** The flags of a benchmark that were typed. */
export class BenchFlags {
  readonly #flags: readonly BenchFlag[];
  readonly #typed: ReadonlyMap<string, readonly string[]>;

  /**
   * Reads the flags of a benchmark. Values of flags are never taken for flags.
   *
   * @throws {UsageError} If a flag is unknown or lacks its value.
   */
  constructor(command: BenchCommand, args: readonly string[]) {
    this.#flags = benchFlags(command);
    const typed = new Map<string, readonly string[]>();
    for (const argument of attachValues(args, this.#flags)) {
      const [, name = argument, value] = /^(--[\w-]+)(?:=([\s\S]*))?$/.exec(argument) ?? [];
      const flag = this.#flags.find((one) => one.name === name);
      if (flag === undefined) {
        const names = this.#flags.map((one) => one.name);
        throw new UsageError(
          `Cannot read the command line: unknown option "${name}"${didYouMean(name, names)}`,
        );
      }
      if ((flag.value === undefined) !== (value === undefined)) {
        throw new UsageError(
          `Cannot read the command line: expected ${
            flag.value === undefined ? "no value" : `<${flag.value}>`
          } after ${name}`,
        );
      }
      typed.set(name, [...flag.isList ? typed.get(name) ?? [] : [], value ?? ""]);
    }
    this.#typed = typed;
  }

  /** Tells whether a flag was typed. */
  has(name: BenchFlagName): boolean {
    return this.#typed.has(name);
  }

  /** Returns the value of a flag, or its default; undefined if it has neither. */
  get(name: BenchFlagName): string | undefined {
    return this.#typed.get(name)?.at(-1) ?? this.#flags.find((one) => one.name === name)?.default;
  }

  /** Lists the values of a flag that may be repeated. */
  all(name: BenchFlagName): readonly string[] {
    return this.#typed.get(name) ?? [];
  }

  /** Lists the typed paths of one kind. */
  paths(kind: BenchFlag["path"]): readonly string[] {
    return this.#flags.filter(({ path }) => path === kind)
      .flatMap(({ name }) => this.#typed.get(name) ?? []);
  }
}

function benchFlags(command: BenchCommand): readonly BenchFlag[] {
  const all: readonly BenchFlag[] = BENCH_FLAGS;
  return all.filter(({ commands }) => commands.includes(command));
}

/**
 * Writes the flags of a benchmark as lines of a help text.
 *
 * @param lists Texts for the names in braces.
 */
export function benchHelp(
  command: BenchCommand,
  lists: Readonly<Record<string, string>> = {},
): string {
  const rows = benchFlags(command).map(({ name, value = "", help = "" }) => ({
    flag: `${name} ${value}`.trim(),
    help: help.replaceAll(/\{([^}]*)\}/g, (_, list: string) => lists[list]!),
  }));
  const width = Math.max(...rows.map(({ flag }) => flag.length));
  return rows.map(({ flag, help }) => `  ${flag.padEnd(width)}  ${help}`.trimEnd()).join("\n");
}
