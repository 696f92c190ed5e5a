import type { WeightSource } from "../../weights/weight_source.ts";
import type { Value } from "./graph.ts";
import type { GraphBuilder } from "./graph_builder.ts";

/** A place in a checkpoint: what is asked of it is looked up under its path. */
export class WeightScope {
  /** Beginning of the keys, without a dot at its end; "" is the root. */
  readonly path: string;
  readonly #builder: GraphBuilder;
  readonly #weights: WeightSource;
  readonly #used: Set<string>;

  /** Begins at a path; scopes that share `used` note together which weights went into the graph. */
  constructor(builder: GraphBuilder, weights: WeightSource, path = "", used = new Set<string>()) {
    this.path = path;
    this.#builder = builder;
    this.#weights = weights;
    this.#used = used;
  }

  /** Returns the scope of a part: `at("down_blocks").at(0)` is "down_blocks.0". */
  at(name: string | number): WeightScope {
    return new WeightScope(this.#builder, this.#weights, this.#key(name), this.#used);
  }

  /** Tells whether a weight of this name, or any below it, exists. */
  has(name: string | number): boolean {
    return this.#weights.hasPrefix(this.#key(name));
  }

  /**
   * Adds a weight to the graph.
   *
   * @throws {RangeError} If it is missing or has another shape.
   */
  weight(name: string, shape: readonly number[]): Value {
    const entry = this.#weights.get(this.#key(name), shape);
    this.#used.add(entry.key);
    return this.#builder.weight(entry, shape);
  }

  /** Returns the shape of a weight in the checkpoint. */
  shapeOf(name: string): readonly number[] {
    return this.#weights.get(this.#key(name)).shape;
  }

  /**
   * Checks that every weight below this scope went into the graph.
   *
   * @param ignore Keys that may stay unused.
   * @throws {RangeError} With the first keys that did not.
   */
  assertAllUsed(ignore: readonly RegExp[] = []): void {
    const prefix = this.path === "" ? "" : `${this.path}.`;
    const unused = this.#weights.keys().filter((key) =>
      key.startsWith(prefix) && !this.#used.has(key) &&
      !ignore.some((pattern) => pattern.test(key))
    );
    if (unused.length === 0) return;
    const shown = unused.slice(0, 3).map((key) => `"${key}"`).join(", ");
    const rest = unused.length > 3 ? ` and ${unused.length - 3} more` : "";
    throw new RangeError(
      `Cannot build graph "${this.#builder.name}" from "${this.#weights.location}": ` +
        `expected every weight to be used, got ${shown}${rest} left over`,
    );
  }

  #key(name: string | number): string {
    return this.path === "" ? String(name) : `${this.path}.${name}`;
  }
}
