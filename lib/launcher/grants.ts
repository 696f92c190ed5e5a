import { resolve } from "node:path";

/** A permission is refused: it would open more than the user named. */
export class RefusedError extends Error {
  /** Name of the class, as it is printed. */
  override readonly name = "RefusedError";
}

/** Collects permissions, and writes them as flags of `deno run`. */
export class Grants {
  readonly #cwd: string;
  readonly #lists = {
    read: new Set<string>(),
    write: new Set<string>(),
    net: new Set<string>(),
    run: new Set<string>(),
    sys: new Set<string>(),
    env: new Set<string>(),
  };
  #isNative = false;

  /** @param cwd Folder to which paths are relative. */
  constructor(cwd: string) {
    this.#cwd = cwd;
  }

  /** Permits to read a file or folder. */
  read(path: string): void {
    this.#lists.read.add(resolve(this.#cwd, path));
  }

  /** Permits to read a path, or to fetch from the host of a URL. */
  readNamed(name: string): void {
    const host = hostOf(name);
    if (host === undefined) this.read(name);
    else this.net(host);
  }

  /** Permits to read and write a folder. */
  write(path: string): void {
    this.read(path);
    this.writeOnly(path);
  }

  /** Permits to write a folder. */
  writeOnly(path: string): void {
    this.#lists.write.add(resolve(this.#cwd, path));
  }

  /** Permits a host, with its port if it has one. */
  net(host: string): void {
    this.#lists.net.add(host);
  }

  /** Permits to run a program. */
  run(program: string): void {
    this.#lists.run.add(program);
  }

  /** Permits calls that tell about the system. */
  sys(...kinds: readonly string[]): void {
    for (const kind of kinds) this.#lists.sys.add(kind);
  }

  /** Permits environment variables. */
  env(...names: readonly string[]): void {
    for (const name of names) this.#lists.env.add(name);
  }

  /** Permits machine code: onnxruntime-node is a library that lies among several files. */
  allowNative(): void {
    this.#isNative = true;
  }

  /**
   * Lists the flags.
   *
   * @throws {RefusedError} If a path contains a comma.
   */
  toFlags(): string[] {
    const { read, write, net, run, sys, env } = this.#lists;
    if (this.#isNative) {
      return [
        ...["--allow-read", ...flag("write", write), ...flag("net", net)],
        ...["--allow-ffi", "--allow-env", "--allow-sys"],
      ];
    }
    return [
      ...flag("read", read),
      ...flag("write", write),
      ...flag("net", net),
      ...flag("run", run),
      ...flag("sys", sys),
      ...flag("env", env),
    ];
  }
}

function flag(kind: string, values: ReadonlySet<string>): string[] {
  return values.size === 0 ? [] : [`--allow-${kind}=${[...values].map(checked).join(",")}`];
}

/** Commas separate values, and Deno 2.9.6 refuses the doubled ones that should escape them. */
function checked(value: string): string {
  if (!value.includes(",")) return value;
  throw new RefusedError(
    `Cannot permit "${value}": Deno takes no comma in a permission; rename the file or folder`,
  );
}

/** A name or address, and a port: no wildcard, which would permit other hosts. */
const HOST = /^([a-z0-9_-]+(\.[a-z0-9_-]+)*\.?|\[[0-9a-f:.]+\])(:\d+)?$/;

/**
 * Returns the host of a URL with its port; undefined if a value is no URL.
 *
 * @throws {RefusedError} If it is not exactly one host.
 */
export function hostOf(value: string): string | undefined {
  if (!/^https?:/i.test(value)) return undefined;
  const host = URL.canParse(value) ? new URL(value).host : "";
  if (HOST.test(host)) return host;
  throw new RefusedError(`Cannot permit the network for "${value}": expected a URL with one host`);
}
