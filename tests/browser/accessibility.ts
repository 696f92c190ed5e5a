/// <reference lib="dom" />
import axe from "npm:axe-core@4.14.1";
import assert from "node:assert/strict";
import type { Page } from "npm:playwright-core@1.65.1";

/** Fails if axe-core finds a serious or critical fault on a page: contrast, labels, roles. */
export async function assertAccessible(page: Page, name: string): Promise<void> {
  await page.evaluate(axe.source);
  const faults = await page.evaluate(async () => {
    const { violations } = await (globalThis as unknown as { axe: typeof axe }).axe.run();
    return violations.filter(({ impact }) => impact === "serious" || impact === "critical")
      .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
  });
  assert.deepEqual(faults, [], name);
}
