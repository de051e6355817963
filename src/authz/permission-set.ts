// A compiled set of granted permissions: exact ones are looked up, and only those globs are tried that can match.
import { fitsGlob } from "../wire/glob.ts";

interface Glob {
  readonly text: string;
  /** The text between the stars. */
  readonly parts: readonly string[];
}

const NONE: readonly Glob[] = [];

/** Permissions in which `*` matches any sequence of characters. */
export class PermissionSet {
  readonly #exact = new Set<string>();
  /** Globs without a star before their first colon, by the text before it. */
  readonly #bySegment = new Map<string, Glob[]>();
  readonly #others: Glob[] = [];

  /** @param grants of {@link readGrant} */
  constructor(grants: Iterable<string>) {
    for (const text of new Set(grants)) {
      if (text.includes("*")) this.#listFor(text).push({ text, parts: text.split("*") });
      else this.#exact.add(text);
    }
  }

  /** A grant that matches a permission; null if none does. Matching takes linear time for each glob that is tried. */
  find(permission: string): string | null {
    if (this.#exact.has(permission)) return permission;
    const colon = permission.indexOf(":");
    const near = colon === -1 ? NONE : (this.#bySegment.get(permission.slice(0, colon)) ?? NONE);
    return firstOf(near, permission) ?? firstOf(this.#others, permission);
  }

  #listFor(text: string): Glob[] {
    const colon = text.indexOf(":");
    if (colon === -1 || text.indexOf("*") < colon) return this.#others;
    const segment = text.slice(0, colon);
    let list = this.#bySegment.get(segment);
    if (list === undefined) this.#bySegment.set(segment, (list = []));
    return list;
  }
}

function firstOf(globs: readonly Glob[], permission: string): string | null {
  for (const { text, parts } of globs) if (fitsGlob(permission, parts)) return text;
  return null;
}
