// Finds where an unclosed quote, brace or bracket opens. The parser reports only where it stopped.
import { CST, Lexer } from "yaml";

/** An error of the parser. */
export interface SyntaxFault {
  readonly code: string;
  readonly message: string;
  /** Offsets of its beginning and end. */
  readonly pos: readonly [number, number];
}

/** The error as it is shown. */
export interface Slip {
  readonly offset: number;
  /** One line. */
  readonly message: string;
}

/** A line that looks like one of a configuration, within a text that should have ended before. */
const SWALLOWED = /\n[ \t]*(- +)?[\w.-]+:(\s|$)/;
const CLOSER: Readonly<Record<string, string>> = { "{": "}", "[": "]" };

interface Token {
  readonly type: CST.TokenType | null;
  readonly offset: number;
  readonly source: string;
}

/** A quote that does not end on its line. */
export function unclosedQuote(text: string, { pos }: SyntaxFault): Slip | null {
  const open = tokens(text).findLast(
    ({ type, offset, source }) =>
      (type === "double-quoted-scalar" || type === "single-quoted-scalar") &&
      offset <= pos[0] &&
      (SWALLOWED.test(source) || source.length === 1 || source.at(-1) !== source[0]),
  );
  if (open === undefined) return null;
  const quote = open.source[0]!;
  return {
    offset: open.offset,
    message: `the quote that opens here is not closed; add ${quote} at the end of the text`,
  };
}

/** A brace or bracket that is open where the parser stopped. */
export function unclosedBracket(text: string, { pos, message }: SyntaxFault): Slip | null {
  if (!message.startsWith("Flow ")) return null;
  const open: Token[] = [];
  for (const token of tokens(text)) {
    if (token.offset >= pos[0]) break;
    if (token.type === "flow-map-start" || token.type === "flow-seq-start") open.push(token);
    if (token.type === "flow-map-end" || token.type === "flow-seq-end") open.pop();
  }
  const last = open.at(-1);
  if (last === undefined) return null;
  const closer = CLOSER[last.source]!;
  const next = text.slice(pos[0]).trimStart()[0];
  if (next === closer)
    return { offset: pos[0], message: `"${closer}" must be indented deeper than the key whose value it closes` };
  return { offset: last.offset, message: `"${last.source}" opens here and is not closed; add "${closer}" at the end` };
}

function tokens(text: string): Token[] {
  const found: Token[] = [];
  let offset = 0;
  for (const source of new Lexer().lex(text)) {
    const type = CST.tokenType(source);
    found.push({ type, offset, source });
    // Marks that the lexer puts in stand for no text.
    if (!["\u0002", "\u0018", "\u001f"].includes(source)) offset += source.length;
  }
  return found;
}
