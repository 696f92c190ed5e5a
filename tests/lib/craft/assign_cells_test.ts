import assert from "node:assert/strict";
import { assignCells } from "../../../lib/craft/assign_cells.ts";
import { assignAtMinCost } from "../../../lib/craft/min_cost_assignment.ts";

Deno.test("assignCells() costs what another exact method costs, within the counts", () => {
  let state = 5;
  const random = () => (state = state * 48271 % 2147483647) / 2147483647;
  let refused = 0;
  for (let round = 0; round < 300; round++) {
    const [cells, size] = [1 + Math.floor(random() * 12), 1 + Math.floor(random() * 6)];
    const costs = Float64Array.from({ length: cells * size }, () => Math.floor(random() * 50));
    const counts = Array.from({ length: size }, () => Math.floor(random() * 5));
    const assigned = assignCells(costs, counts);
    const rows = Array.from({ length: cells }, (_, i) => costs.subarray(i * size, (i + 1) * size));
    const shares = assignAtMinCost(rows.map(() => 1), counts, rows);
    assert.equal(assigned === undefined, shares === undefined);
    if (assigned === undefined || shares === undefined) {
      refused++;
      continue;
    }
    const used = counts.map((_, m) => assigned.filter((one) => one === m).length);
    assert(used.every((count, m) => count <= counts[m]!));
    const cost = assigned.reduce((sum, m, i) => sum + rows[i]![m]!, 0);
    const expected = shares.reduce(
      (sum, row, i) => sum + row.reduce((part, share, m) => part + share * rows[i]![m]!, 0),
      0,
    );
    assert.equal(cost, expected);
  }
  assert(refused > 20 && refused < 200, `${refused} of 300 have too few materials`);
});
