import assert from "node:assert/strict";
import { parseCsv, writeCsv } from "../../../lib/text/csv.ts";

Deno.test("parseCsv() reads quotes, line ends and separators as spreadsheets write them", () => {
  const cases: [text: string, rows: string[][]][] = [
    ["a,b\n1,2\n", [["a", "b"], ["1", "2"]]],
    ["\ufeffa;b\r\n1;2,5", [["a", "b"], ["1", "2,5"]]],
    ["a\tb\r1\t2", [["a", "b"], ["1", "2"]]],
    ['a,"b ""c"", d"\n', [["a", 'b "c", d']]],
    ["a,\n\n , \nb", [["a", ""], ["b"]]],
    ['"a\nb", c ', [["a\nb", "c"]]],
    ["", []],
  ];
  for (const [text, rows] of cases) {
    assert.deepEqual(parseCsv(text).map(({ fields }) => [...fields]), rows, JSON.stringify(text));
  }
  assert.deepEqual(parseCsv('a,b\n"1\n2",3\n\n4,5').map(({ line }) => line), [1, 2, 5]);
  assert.throws(() => parseCsv('a,b\n1,"2'), /line 2: expected a closing quote, got none/);
});

Deno.test("writeCsv() writes what parseCsv() reads", () => {
  const rows = [["a", 'b "c"'], ["1,5", "x\ny"], [";", "a\tb"]];
  assert.deepEqual(parseCsv(writeCsv(rows)).map(({ fields }) => [...fields]), rows);
  assert.equal(writeCsv([["a", 1]]), "a,1\n");
});
