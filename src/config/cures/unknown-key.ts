// What to write instead of an unknown key: a similar key, the key for a synonym or a key of another gateway, or another
// place.
import type { Field, Fields } from "../schema/field.ts";
import { didYouMean, fold, listed, nearest } from "../text/suggest.ts";
import { FOREIGN_KEYS } from "./foreign-keys.ts";

/** Most places shown for one key. */
const MAX_PLACES = 3;
/** Blocks with more keys are looked up rather than listed. */
const MAX_KEYS = 16;

/** The end of a message about an unknown key. */
interface KeyCure {
  /** Begins with `; `. */
  readonly text: string;
  /** Key of the same block that was meant and so is not missing; "" = none. */
  readonly means: string;
}

/**
 * Explains an unknown key.
 * @param path dotted path of its block below `gateway`
 * @param fields keys of its block
 * @param schema keys below `gateway`, where its place is looked for
 */
export function unknownKeyCure(key: string, path: string, fields: Fields, schema: Fields): KeyCure {
  const own = Object.keys(fields);
  const [, name, value] = /^([\w-]+)=(.*)$/.exec(key) ?? [];
  if (name !== undefined) return { text: `; write ${name}: ${value}`, means: name };
  if (/^\d+$/.test(key))
    return { text: "; a comma ends the value before it: several values are a list in [ ]", means: "" };
  const near = nearest(key, own);
  if (near !== null && fold(near) === fold(key)) return { text: didYouMean(key, own), means: near };
  const section = sectionOf(path);
  const foreign = FOREIGN_KEYS.get(section)?.get(fold(key));
  if (foreign !== undefined) return { text: `; ${foreign.cure}`, means: foreign.means };
  const places = placesOf(key, section, schema);
  // A key that differs by one letter is more probable than one of another block.
  if (near !== null && (places.length === 0 || Math.abs(near.length - key.length) <= 1))
    return { text: didYouMean(key, own), means: near };
  if (places.length > 0) return { text: `; it belongs to ${orOf(places)}`, means: "" };
  if (own.length > MAX_KEYS) return { text: "; docs/configuration.md lists the keys of this block", means: "" };
  return { text: `; it has ${listed(own)}`, means: "" };
}

/** A path without the indexes of lists and the names of models and providers. */
function sectionOf(path: string): string {
  return path
    .replaceAll(/\[\d+\]/g, "[]")
    .replace(/^llm\.providers\.[^.]+/, "llm.providers")
    .replace(/^llm\.models\..+?(?=(\.(capabilities(\.reasoning)?|pricing))?$)/, "llm.models");
}

/** Where else the schema has a key of that name, nearest blocks first. */
function placesOf(key: string, section: string, schema: Fields): string[] {
  const found: string[] = [];
  collect(fold(key), "", schema, found);
  const distance = (place: string) => {
    const block = place.slice(0, Math.max(0, place.lastIndexOf(".")));
    if (block.startsWith(`${section}.`) || section === "") return 0;
    return section.startsWith(`${block}.`) || block === "" ? 1 : 2;
  };
  const sorted = found.sort((a, b) => distance(a) - distance(b) || depth(a) - depth(b));
  // Names such as `timeout`, `enabled` or `path` occur in many blocks; one far away is not suggested.
  return sorted.length > 2 * MAX_PLACES
    ? sorted.filter((p) => distance(p) < 2).slice(0, MAX_PLACES)
    : sorted.slice(0, MAX_PLACES);
}

function collect(word: string, path: string, fields: Fields, found: string[]): void {
  for (const [key, field] of Object.entries(fields)) {
    const below = path === "" ? key : `${path}.${key}`;
    if (fold(key) === word) found.push(below);
    const [keys, inner] = keysBelow(field, below);
    if (keys !== null) collect(word, inner, keys, found);
  }
}

/** Keys of a block, or of each element of a list or mapping of blocks. */
function keysBelow(field: Field<unknown>, path: string): readonly [Fields | null, string] {
  if (field.fields !== null) return [field.fields, path];
  const each = field.type === "list" ? `${path}[]` : `${path}.<name>`;
  return [field.items?.fields ?? null, each];
}

function depth(path: string): number {
  return path.split(".").length;
}

function orOf(places: readonly string[]): string {
  const last = places[places.length - 1]!;
  return places.length === 1 ? last : `${places.slice(0, -1).join(", ")} or ${last}`;
}
