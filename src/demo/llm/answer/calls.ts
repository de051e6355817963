// Tool calls that a prompt asks for: `call get_weather with {"city":"Paris"}`, `call now`, `call #2 with {}`.

/** A call as the prompt wants it. */
export interface WantedCall {
  /** Of the tool, or `#2` for the second on offer. */
  readonly name: string;
  /** As written after `with`: the text of a JSON object, or what is between quotes; "" nothing. */
  readonly input: string;
}

const CALL = /\bcall (#\d+|[\w.:-]*\w)(?: with )?/g;

/** All calls, in order. */
export function callsIn(prompt: string): WantedCall[] {
  const calls: WantedCall[] = [];
  for (const match of prompt.matchAll(CALL)) {
    const after = match.index + match[0].length;
    calls.push({ name: match[1]!, input: match[0].endsWith(" with ") ? inputAt(prompt, after) : "" });
  }
  return calls;
}

/** What the model is to say before it calls: `say "one moment"`. */
export function saidIn(prompt: string): string {
  return /\bsay "([^"]*)"/.exec(prompt)?.[1] ?? "";
}

/** The object, or the quoted text, that begins at a place. */
function inputAt(text: string, start: number): string {
  if (text[start] === '"') return quotedAt(text, start);
  if (text[start] !== "{") return "";
  let depth = 0;
  let quoted = false;
  for (let i = start; i < text.length; i++) {
    const char = text[i];
    if (quoted) {
      if (char === "\\") i++;
      else if (char === '"') quoted = false;
    } else if (char === '"') quoted = true;
    else if (char === "{") depth++;
    else if (char === "}" && --depth === 0) return text.slice(start, i + 1);
  }
  return "";
}

function quotedAt(text: string, start: number): string {
  const end = text.indexOf('"', start + 1);
  return end === -1 ? "" : text.slice(start + 1, end);
}
