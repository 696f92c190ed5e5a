/**
 * Returns an object that looks like another one, but for some of its members. The other object is
 * not changed.
 *
 * @param target Object whose methods accept only itself as `this`, such as a device of WebGPU.
 * @param overrides Members that differ.
 */
export function overrideMembers<T extends object>(target: T, overrides: Partial<T>): T {
  const known = new Map<PropertyKey, unknown>(Object.entries(overrides));
  return new Proxy(target, {
    get(_, key) {
      const found = known.get(key);
      if (found !== undefined) return found;
      const value = Reflect.get(target, key, target);
      if (typeof value !== "function") return value;
      const bound = value.bind(target);
      known.set(key, bound);
      return bound;
    },
    set: (_, key, value) => Reflect.set(target, key, value, target),
  });
}
