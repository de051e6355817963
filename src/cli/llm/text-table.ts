// Rows of text in columns.

/** Each column as wide as its longest cell; lines begin with two spaces and end with LF. */
export function textTable(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const lines = rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column]!)).join("  "));
  return lines.map((line) => `  ${line.trimEnd()}\n`).join("");
}
