// Steps through a JSON text that has not been parsed yet. Its functions accept any text.

/** Index behind the string that begins at `open`; the end of the text when it does not end. */
export function endOfString(text: string, open: number): number {
  let i = open + 1;
  while (i < text.length && text.charCodeAt(i) !== 0x22) i += text.charCodeAt(i) === 0x5c ? 2 : 1;
  return Math.min(i + 1, text.length);
}

/** Content of the string from `open` to `end`. */
export function contentOf(text: string, open: number, end: number): string {
  const plain = text.slice(open + 1, end - 1);
  if (!plain.includes("\\")) return plain;
  try {
    return JSON.parse(text.slice(open, end)) as string;
  } catch {
    return plain;
  }
}

/** Index of the first character from `at` on that is no blank. */
export function skipBlanks(text: string, at: number): number {
  let i = at;
  while (isBlank(text.charCodeAt(i))) i++;
  return i;
}

function isBlank(c: number): boolean {
  return c === 0x20 || c === 0x0a || c === 0x0d || c === 0x09;
}

/** The `@type` of every object that has one, by the index of its brace: it may stand behind what depends on it. */
export function typesOfObjects(text: string): Map<number, string> {
  const types = new Map<number, string>();
  const open: number[] = [];
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === 0x7b) open.push(i);
    else if (c === 0x7d) open.pop();
    else if (c === 0x22) {
      const end = endOfString(text, i);
      const colon = skipBlanks(text, end);
      const value = skipBlanks(text, colon + 1);
      const typed = text[colon] === ":" && text[value] === '"' && contentOf(text, i, end) === "@type";
      if (typed) types.set(open.at(-1) ?? -1, contentOf(text, value, endOfString(text, value)));
      i = end - 1;
    }
  }
  return types;
}
