// One test over a whole table: it names every row that fails, not the first.
import assert from "node:assert/strict";
import { inspect } from "node:util";

/** Checks every row. @param nameOf how a row is told from the others @throws AssertionError that lists all that failed */
export function everyRow<Row>(rows: Iterable<Row>, nameOf: (row: Row) => string, check: (row: Row) => void): void {
  const failures: string[] = [];
  let count = 0;
  for (const row of rows) {
    count++;
    try {
      check(row);
    } catch (error) {
      failures.push(`${nameOf(row)}: ${error instanceof Error ? error.message : inspect(error)}`);
    }
  }
  assert.ok(count > 0, "the table is empty");
  if (failures.length > 0) assert.fail(`${failures.length} of ${count} rows:\n${failures.join("\n")}`);
}
