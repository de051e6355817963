// Path patterns as written in the configuration, parsed into segments.
import { fitsGlob } from "../wire/glob.ts";
import { canonicalPath } from "../wire/path.ts";

/** One segment of a pattern, in order of how specific it is. */
export type Segment =
  | { readonly kind: "literal"; readonly text: string }
  /** `v*`: any characters where the star stands, within the segment. */
  | { readonly kind: "glob"; readonly parts: readonly string[] }
  /** `*`, `{x}`, `:x`: one segment that is not empty. */
  | { readonly kind: "any"; readonly name: string };

/** A parsed pattern. */
export interface Pattern {
  readonly segments: readonly Segment[];
  /** Whether everything below matches too. */
  readonly rest: boolean;
  /** Same text for patterns that match the same paths: parameter names do not matter. */
  readonly canonical: string;
  /** Literal beginning, up to the first segment that is not literal: what `stripPrefix` removes. No trailing slash. */
  readonly literalPrefix: string;
}

/** Longest pattern accepted, characters. */
const MAX_PATTERN = 1024;

/**
 * Parses a path pattern.
 *
 * `/a/b` exactly · `/a/*`, `/a/**`, `/a/{rest...}`, `/a/` that path and all below · `/a/{x}/c`, `/a/:x/c`, `/a/{}/c` with a star one segment ·
 * a star beside letters: within a segment · `/a*` at the end any path beginning so · `/a/{$}` exactly `/a/`
 * @throws Error saying what is wrong with it
 */
export function parsePattern(text: string): Pattern {
  if (!text.startsWith("/")) throw new Error('a path pattern begins with "/"');
  if (text.length > MAX_PATTERN) throw new Error(`a path pattern has at most ${MAX_PATTERN} characters`);
  if (/[?#\s]/.test(text)) throw new Error("a path pattern holds no query, fragment or blank");
  const raw = canonical(text).slice(1).split("/");
  const segments: Segment[] = [];
  let rest = false;
  for (const [i, part] of raw.entries()) {
    const last = i === raw.length - 1;
    if (last && (part === "" || part === "*" || part === "**" || /^\{[^{}]*\.\.\.\}$/.test(part))) rest = true;
    else if (last && part === "{$}") segments.push({ kind: "literal", text: "" });
    else {
      segments.push(parseSegment(part));
      if (last && part.endsWith("*") && part !== "*") rest = true;
    }
  }
  return { segments, rest, canonical: canonicalText(segments, rest), literalPrefix: literalPrefix(segments) };
}

/** The pattern in the form request paths are compared in: letters beyond ASCII encoded, needless escapes decoded. */
function canonical(text: string): string {
  if (text.includes("//")) throw new Error('a path pattern holds no "//"');
  if (/\/\.\.?(\/|$)/.test(text)) throw new Error("a path pattern holds no dot segments");
  const path = canonicalPath(text.replaceAll(/[^\x00-\x7f]+/g, encodeURIComponent));
  if (path === null) throw new Error("a path pattern holds no backslash, control character or broken escape");
  return path;
}

function parseSegment(part: string): Segment {
  if (part === "*") return { kind: "any", name: "" };
  const named = /^(?:\{([A-Za-z_][\w-]*)\}|:([A-Za-z_][\w-]*))$/.exec(part);
  if (named !== null) return { kind: "any", name: named[1] ?? named[2]! };
  if (/[{}]/.test(part)) throw new Error(`"${part}" is not a segment: "{name}" stands alone between slashes`);
  if (part.includes("**")) throw new Error('"**" stands only for the end of a path; "*" is one segment');
  if (!part.includes("*")) return { kind: "literal", text: part };
  const parts = part.split("*");
  if (parts.length > 9) throw new Error(`"${part}" holds more than eight "*"`);
  return { kind: "glob", parts };
}

function canonicalText(segments: readonly Segment[], rest: boolean): string {
  let text = "";
  for (const s of segments) text += `/${s.kind === "literal" ? s.text : s.kind === "glob" ? s.parts.join("*") : "{}"}`;
  return rest ? `${text}/**` : text;
}

function literalPrefix(segments: readonly Segment[]): string {
  let prefix = "";
  for (const s of segments) {
    if (s.kind !== "literal" || s.text === "") break;
    prefix += `/${s.text}`;
  }
  return prefix;
}

/** Whether a canonical path fits a pattern. */
export function fitsPattern({ segments, rest }: Pick<Pattern, "segments" | "rest">, path: string): boolean {
  let from = 1;
  for (const segment of segments) {
    if (from === 0) return false;
    const slash = path.indexOf("/", from);
    if (!fitsSegment(segment, path.slice(from, slash === -1 ? undefined : slash))) return false;
    from = slash + 1;
  }
  return rest || from === 0;
}

function fitsSegment(segment: Segment, text: string): boolean {
  if (segment.kind === "literal") return segment.text === text;
  return segment.kind === "glob" ? fitsGlob(text, segment.parts) : text !== "";
}
