import type { WeightSource } from "../../weights/weight_source.ts";
import type { Value } from "./graph.ts";
import type { GraphBuilder } from "./graph_builder.ts";

/**
 * A path of a checkpoint, such as "down_blocks.0", for the builder of a module. The module names
 * its weights relative to the path, so that keys equal those of diffusers or transformers.
 */
export class WeightScope {
  /** Prefix of the keys, without the dot at its end; "" is the root. */
  readonly path: string;
  readonly #builder: GraphBuilder;
  readonly #weights: WeightSource;
  readonly #used: Set<string>;

  /**
   * Creates a scope.
   *
   * @param used Keys that went into the graph; scopes of one checkpoint share it.
   */
  constructor(builder: GraphBuilder, weights: WeightSource, path = "", used = new Set<string>()) {
    this.path = path;
    this.#builder = builder;
    this.#weights = weights;
    this.#used = used;
  }

  /** Returns a scope below this one: `at("down_blocks").at(0)` is "down_blocks.0". */
  at(name: string | number): WeightScope {
    return new WeightScope(this.#builder, this.#weights, this.#key(name), this.#used);
  }

  /** Tells whether the checkpoint has a weight of this name or below it. */
  has(name: string | number): boolean {
    return this.#weights.hasPrefix(this.#key(name));
  }

  /**
   * Adds a weight to the graph.
   *
   * @throws {RangeError} If the weight is missing, or its shape differs.
   */
  weight(name: string, shape: readonly number[]): Value {
    const entry = this.#weights.get(this.#key(name), shape);
    this.#used.add(entry.key);
    return this.#builder.weight(entry, shape);
  }

  /**
   * Returns the shape of a weight in the checkpoint.
   *
   * @throws {RangeError} If the weight is missing.
   */
  shapeOf(name: string): readonly number[] {
    return this.#weights.get(this.#key(name)).shape;
  }

  /**
   * Checks that every weight of this scope went into the graph. A leftover weight means that the
   * network differs from the checkpoint.
   *
   * @param ignore Patterns of keys that may be left over.
   * @throws {RangeError} If weights are left over; it names the first ones.
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
