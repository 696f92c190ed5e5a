import type { HubSettingsSource } from "./settings.ts";

/** Tells whether a path may be read, without asking the user. */
export function mayRead(path: string): boolean {
  return Deno.permissions.querySync({ name: "read", path }).state === "granted";
}

/** The environment and the files of this machine, as far as permissions allow. */
export const MACHINE: HubSettingsSource = {
  variable(name) {
    const { state } = Deno.permissions.querySync({ name: "env", variable: name });
    return state === "granted" ? Deno.env.get(name) : undefined;
  },
  readText(path) {
    if (!mayRead(path)) return undefined;
    try {
      return Deno.readTextFileSync(path);
    } catch {
      return undefined;
    }
  },
};
