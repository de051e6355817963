// Templates in a tree by segments: a path is matched by walking it, each node at most once, so hostile paths cost no more.
import { decodeSegment, decodeSegments, type Segment, type Template, type Variable } from "./template.ts";

/** HTTP method → value. */
type Leaf<T> = Map<string, T>;

/** Templates by verb. */
type Ends<T> = Map<string, Leaf<T>>;

interface Node<T> {
  readonly literals: Map<string, Node<T>>;
  one: Node<T> | null;
  /** `**` with what follows it, the longest first. */
  readonly rests: Rest<T>[];
  /** Templates that end here. */
  readonly ends: Ends<T>;
}

/** What follows a `**`. */
interface Rest<T> {
  readonly tail: readonly Segment[];
  readonly ends: Ends<T>;
}

/** What a path led to. */
interface PathMatch<T> {
  readonly value: T;
  /** Raw segments of the path, without the verb. */
  readonly segments: readonly string[];
}

/** Literal segments come before `*`, `*` before `**`, a `**` with more behind it before one with less, a verb before none. */
export class PathTable<T extends object> {
  readonly #root: Node<T> = node();

  /** Adds a template. @returns the value already there for the same method and shape, which stays; undefined when added */
  add(method: string, template: Template, value: T): T | undefined {
    const ends = this.#ends(template.segments);
    let leaf = ends.get(template.verb);
    if (leaf === undefined) ends.set(template.verb, (leaf = new Map()));
    const known = leaf.get(method);
    if (known === undefined) leaf.set(method, value);
    return known;
  }

  #ends(segments: readonly Segment[]): Ends<T> {
    let at = this.#root;
    for (const [i, segment] of segments.entries()) {
      if (segment === "**") return restOf(at, segments.slice(i + 1)).ends;
      if (segment === "*") at = at.one ??= node();
      else {
        let next = at.literals.get(segment.literal);
        if (next === undefined) at.literals.set(segment.literal, (next = node()));
        at = next;
      }
    }
    return at.ends;
  }

  /**
   * The best template for a path. What is behind the last colon may be a verb (google/api/http.proto: no verb has one).
   * @param allow collects the methods of templates that match the path but not the method
   */
  match(method: string, path: string, allow: Set<string>): PathMatch<T> | undefined {
    const segments = path === "/" ? [] : path.slice(1).split("/");
    const last = segments.at(-1) ?? "";
    const colon = last.lastIndexOf(":");
    const verb = colon === -1 ? "" : decodeSegment(last.slice(colon + 1));
    if (verb !== undefined && verb !== "") {
      const cut = [...segments.slice(0, -1), last.slice(0, colon)];
      const value = walk(this.#root, cut, 0, verb, method, allow);
      if (value !== undefined) return { value, segments: cut };
    }
    const value = walk(this.#root, segments, 0, "", method, allow);
    return value === undefined ? undefined : { value, segments };
  }
}

function node<T>(): Node<T> {
  return { literals: new Map(), one: null, rests: [], ends: new Map() };
}

function restOf<T>(at: Node<T>, tail: readonly Segment[]): Rest<T> {
  const text = (segments: readonly Segment[]) => JSON.stringify(segments);
  const known = at.rests.find((rest) => text(rest.tail) === text(tail));
  if (known !== undefined) return known;
  const rest: Rest<T> = { tail, ends: new Map() };
  at.rests.push(rest);
  at.rests.sort((a, b) => b.tail.length - a.tail.length || literalsOf(b) - literalsOf(a));
  return rest;
}

function literalsOf<T>({ tail }: Rest<T>): number {
  return tail.filter((segment) => typeof segment === "object").length;
}

function walk<T extends object>(
  at: Node<T>,
  segments: readonly string[],
  i: number,
  verb: string,
  method: string,
  allow: Set<string>,
): T | undefined {
  let found: T | undefined;
  if (i === segments.length) found = pick(at.ends.get(verb), method, allow);
  else {
    const segment = segments[i]!;
    if (segment !== "") {
      const next = at.literals.get(decodeSegment(segment) ?? segment);
      if (next !== undefined) found = walk(next, segments, i + 1, verb, method, allow);
      if (found === undefined && at.one !== null) found = walk(at.one, segments, i + 1, verb, method, allow);
    }
  }
  for (const { tail, ends } of at.rests) {
    if (found !== undefined) break;
    if (endsIn(tail, segments, i)) found = pick(ends.get(verb), method, allow);
  }
  return found;
}

/** Whether the segments from `from` on end in `tail`. */
function endsIn(tail: readonly Segment[], segments: readonly string[], from: number): boolean {
  const begin = segments.length - tail.length;
  return begin >= from && tail.every((segment, i) => fits(segment, segments[begin + i]!));
}

function fits(pattern: Segment, segment: string): boolean {
  return typeof pattern === "object" ? (decodeSegment(segment) ?? segment) === pattern.literal : segment !== "";
}

function pick<T extends object>(leaf: Leaf<T> | undefined, method: string, allow: Set<string>): T | undefined {
  if (leaf === undefined) return undefined;
  const found = leaf.get(method) ?? (method === "HEAD" ? leaf.get("GET") : undefined) ?? leaf.get("*");
  if (found === undefined) for (const other of leaf.keys()) allow.add(other);
  return found;
}

/** The decoded value of a variable; undefined when its bytes are not UTF-8. */
export function variableValue(variable: Variable, segments: readonly string[]): string | undefined {
  const own = segments.slice(variable.from, variable.to).join("/");
  return variable.multi ? decodeSegments(own) : decodeSegment(own);
}
