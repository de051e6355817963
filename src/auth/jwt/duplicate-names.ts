// Detects duplicate names in JSON objects, of which a backend could use another than the gateway.

/** Whether any object has duplicate names. @param text JSON from which `value` was parsed */
export function hasDuplicateNames(text: string, value: unknown): boolean {
  return membersIn(text) !== membersOf(value);
}

/** Number of members in the text: each has one colon outside of strings. */
function membersIn(text: string): number {
  let count = 0;
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === 0x22) quoted = !quoted;
    else if (c === 0x5c) i++;
    else if (c === 0x3a && !quoted) count++;
  }
  return count;
}

/** Number of members after parsing, which keeps only the last of a name. */
function membersOf(value: unknown): number {
  let count = 0;
  const open = [value];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (typeof next !== "object" || next === null) continue;
    const inner = Object.values(next);
    if (!Array.isArray(next)) count += inner.length;
    open.push(...inner);
  }
  return count;
}
