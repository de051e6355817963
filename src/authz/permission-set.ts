// A set of granted permissions, compiled: exact ones are looked up, and of the others only those that can fit are tried.
import { fitsGlob } from "../wire/glob.ts";

interface Glob {
  readonly text: string;
  /** Between its stars. */
  readonly parts: readonly string[];
}

const NONE: readonly Glob[] = [];

/** Permissions, of which `*` stands for any run of characters. */
export class PermissionSet {
  readonly #exact = new Set<string>();
  /** By the text up to the first colon, where no star is in it. */
  readonly #bySegment = new Map<string, Glob[]>();
  readonly #others: Glob[] = [];

  /** @param grants of {@link readGrant} */
  constructor(grants: Iterable<string>) {
    for (const text of new Set(grants)) {
      if (text.includes("*")) this.#listFor(text).push({ text, parts: text.split("*") });
      else this.#exact.add(text);
    }
  }

  /** The first grant that covers a permission; null: none does. Linear in its length for each grant that is tried. */
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
