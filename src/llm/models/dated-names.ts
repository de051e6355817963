// Names that say which version of a model is meant.

/** Dates at the end of names, in any of the orders authors use: `-2025-08-07`, `-20250929`, `@20250929`, `-05-06`, `-09-2025`, `-2512`. */
export const DATE = /[-@](?:\d{4}-\d{2}-\d{2}|\d{8}|\d{2}-\d{2}|\d{2}-\d{4}|\d{4})$/;
const VERSION = new RegExp(`${DATE.source}|-latest$`);

/** The name without the date, or `-latest`, at its end; null: it has none. */
export function undated(name: string): string | null {
  const shorter = name.replace(VERSION, "");
  return shorter === name || shorter === "" ? null : shorter;
}
