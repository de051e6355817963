// Explains syntax errors of YAML by their cause, such as where a quote opens or which text needs quotes.
import { foreignFormat } from "./foreign-format.ts";
import { type Slip, type SyntaxFault, unclosedBracket, unclosedQuote } from "./yaml-openings.ts";

interface Line {
  readonly start: number;
  readonly text: string;
  /** From 1. */
  readonly number: number;
}

/** Explains a fault of syntax. */
export function explainSlip(fault: SyntaxFault, text: string): Slip {
  const offset = fault.pos[0];
  const format = foreignFormat(text);
  if (format !== null) return { offset: 0, message: format };
  const lines = linesOf(text);
  const index = Math.max(
    0,
    lines.findLastIndex((line) => line.start <= offset),
  );
  const line = lines[index]!;
  const tab = /^ *\t/.test(line.text) ? line : null;
  if (tab !== null)
    return {
      offset: tab.start + tab.text.indexOf("\t"),
      message: "a tab: YAML is indented with spaces only",
    };
  return (
    unclosedQuote(text, fault) ??
    unclosedBracket(text, fault) ??
    byCode(fault, line) ??
    indented(fault, line, lines.slice(0, index)) ??
    raw(fault)
  );
}

function byCode({ code, pos, message }: SyntaxFault, line: Line): Slip | null {
  const [offset] = pos;
  const rest = line.text.slice(offset - line.start);
  switch (code) {
    case "BAD_ALIAS":
      return { offset, message: 'a text that begins with * is an alias; quote it, as in "*", or write /* for a path' };
    case "BLOCK_IN_FLOW":
      return { offset, message: 'within [ ] and { } a "," separates two entries' };
    case "BAD_SCALAR_START":
      return { offset, message: `quote a text that begins with ${rest[0]}: "${rest.trim()}"` };
    case "BAD_DQ_ESCAPE":
      return { offset, message: `in "…" a backslash begins an escape; write "\\\\", or use '…'` };
    case "BLOCK_AS_IMPLICIT_KEY":
    case "MULTILINE_IMPLICIT_KEY":
      return mappingInText(offset, line) ?? withoutColon(offset, line) ?? valueAbove(line);
    case "MISSING_CHAR":
      return /map values/.test(message)
        ? withoutColon(offset, line)
        : /^Missing , /.test(message)
          ? { offset, message: '"," is missing between two entries' }
          : null;
    case "UNEXPECTED_TOKEN":
      return unexpected(offset, line, rest);
    default:
      return null;
  }
}

/** `key: some: text` */
function mappingInText(offset: number, line: Line): Slip | null {
  const [, key, value] = /^[\s-]*([\w.-]+): +([^"'[{|>&].*?: .*|[^"'[{|>&].*:)$/.exec(line.text.trimEnd()) ?? [];
  if (key === undefined) return null;
  return { offset, message: `": " inside a text begins a mapping; quote the text: ${key}: "${value}"` };
}

/** `key:value`, `key = value`, or a line that is neither key nor entry. */
function withoutColon(offset: number, line: Line): Slip | null {
  const text = line.text.trim().replace(/^(- +)+/, "");
  const [, key, value] = /^([\w.-]+)(?::|\s*=\s*)(\S.*)$/.exec(text) ?? [];
  if (key !== undefined) return { offset, message: `a key is followed by a colon and a space: ${key}: ${value}` };
  const [, dashed] = /^-(\w[^:]*: .*)$/.exec(text) ?? [];
  if (dashed !== undefined) return { offset, message: `the dash of a list entry is followed by a space: - ${dashed}` };
  const [, name, rest] = /^([\w.-]+) +([^\s:]+)$/.exec(text) ?? [];
  if (name !== undefined) return { offset, message: `a key is followed by a colon and a space: ${name}: ${rest}` };
  if (/^[\w./*-]+$/.test(text))
    return { offset, message: `a key ends in a colon, and an entry of a list begins with "- ": ${text}:` };
  return null;
}

/** A line that is followed by deeper ones although it has a value already. */
function valueAbove(line: Line): Slip {
  const offset = line.start + indentOf(line.text);
  if (line.text.trimEnd().endsWith(":"))
    return {
      offset,
      message: "the value of this key must be indented deeper, or start in its column with a dash",
    };
  return { offset, message: "this line has a value, but the next is indented deeper; start both in the same column" };
}

function unexpected(offset: number, line: Line, rest: string): Slip {
  const before = line.text.slice(0, offset - line.start);
  const [, key, text] = /([\w.-]+): *([^\s,[\]{}"']+)$/.exec(before) ?? [];
  if (/^[{[]/.test(rest) && key !== undefined) {
    const [whole] = /^[^\s,]*/.exec(rest)!;
    return {
      offset,
      message: `"${rest[0]}" inside a list or mapping on one line begins another; quote the text: ${key}: "${text}${whole}"`,
    };
  }
  if (/^[}\]]/.test(rest))
    return { offset, message: `"${rest[0]}" has no opening counterpart; remove it, or quote the text` };
  if (rest.startsWith(","))
    return { offset, message: '"," separates entries within [ ] and { } only; quote the text it belongs to' };
  return {
    offset,
    message: `"${rest.trim().slice(0, 40)}" follows a complete value; quote the whole text, or start a new line`,
  };
}

/** Lines of one block begin in one column. */
function indented({ code, message }: SyntaxFault, line: Line, before: readonly Line[]): Slip | null {
  if (code !== "BAD_INDENT" && !/without - indicator|same column/.test(message)) return null;
  const width = indentOf(line.text);
  const columns = before.filter((l) => /^ *[^\s#]/.test(l.text)).slice(-20);
  const near = columns.findLast((l) => Math.abs(contentOf(l.text) - width) === 1);
  const offset = line.start + width;
  if (near === undefined)
    return {
      offset,
      message: "the indentation matches no open block; start the line in the column of its block",
    };
  return {
    offset,
    message: `the indentation of ${width} matches no open block; line ${near.number} starts in column ${contentOf(near.text) + 1}, this one in ${width + 1}`,
  };
}

function indentOf(text: string): number {
  return text.length - text.trimStart().length;
}

/** Column of what stands behind the dashes of a list, from 0. */
function contentOf(text: string): number {
  return /^[ ]*(?:- +)*/.exec(text)![0].length;
}

function linesOf(text: string): Line[] {
  let start = 0;
  return text.split("\n").map((line, i) => {
    const here = { start, text: line.replace(/\r$/, ""), number: i + 1 };
    start += line.length + 1;
    return here;
  });
}

function raw({ pos, message }: SyntaxFault): Slip {
  return { offset: pos[0], message: message.split("\n")[0]!.replace(/ at line \d+, column \d+:?$/, "") };
}
