// Finds objects in JSON that have two members of one name: whoever reads the text after the gateway may go by the other one.

/** Whether any object has a name twice. @param text JSON, of which `value` was parsed */
export function hasTwinNames(text: string, value: unknown): boolean {
  return membersIn(text) !== membersOf(value);
}

/** Members of all objects as written: each has one colon outside of texts. */
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

/** Members of all objects as parsed, where the last of a name is left. */
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
