// Settings of which some are not written.

/** The values that are not null. */
export function present<T extends object>(values: T): { [K in keyof T]?: NonNullable<T[K]> } {
  const pairs = Object.entries(values).filter(([, value]) => value !== null);
  return Object.fromEntries(pairs) as { [K in keyof T]?: NonNullable<T[K]> };
}
