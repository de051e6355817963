// `skipPaths` of authentication and authorization.
import { type Pattern, parsePattern } from "../../routing/pattern.ts";
import { type Draft, dotted, type Place } from "./draft.ts";

/** A path, and whether it covers everything below it. */
type SkipPattern = Pick<Pattern, "segments" | "rest">;

/** Reports paths that are not valid patterns. */
export function checkSkipPaths(draft: Draft, paths: readonly string[], place: Place): void {
  for (const [i, path] of paths.entries()) {
    try {
      skipPattern(path);
    } catch (error) {
      draft.error([...place, i], `${dotted(place)}: "${path}": ${(error as Error).message}`);
    }
  }
}

/** The valid ones; {@link checkSkipPaths} reports the others. */
export function skipPatterns(paths: readonly string[]): readonly SkipPattern[] {
  return paths.flatMap((path) => {
    try {
      return [skipPattern(path)];
    } catch {
      return [];
    }
  });
}

/** Each covers its path and everything below; with `/{$}` at the end nothing below. @throws Error for an invalid pattern */
function skipPattern(text: string): SkipPattern {
  const { segments, rest } = parsePattern(text);
  if (segments.length === 0) throw new Error('it would exempt every path; the root alone is "/{$}"');
  const last = segments[segments.length - 1]!;
  return { segments, rest: rest || last.kind !== "literal" || last.text !== "" };
}
