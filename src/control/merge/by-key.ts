// Lists of things with names, of several data planes, as one list in which each name stands once.

/**
 * Unites lists, in the order in which their keys come first.
 * @param mergeAll makes one of all that have the same key, one or more
 */
export function mergeByKey<T>(
  lists: readonly (readonly T[])[],
  keyOf: (item: T) => string,
  mergeAll: (items: readonly T[]) => T,
): readonly T[] {
  const groups = new Map<string, T[]>();
  for (const item of lists.flat()) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return [...groups.values()].map(mergeAll);
}

/** Sum of one number of each. */
export function sumOf<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((sum, item) => sum + value(item), 0);
}

/** The largest number. */
export function mostOf<T>(items: readonly T[], value: (item: T) => number): number {
  return Math.max(...items.map(value));
}

/** The first of the states, the worst first, that any of them is in. */
export function worstOf<T>(states: readonly T[], worstFirst: readonly T[]): T {
  return worstFirst.find((state) => states.includes(state))!;
}
