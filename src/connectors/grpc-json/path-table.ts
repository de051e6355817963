// Templates in a tree by segments: a path is matched by walking it, each node at most once, so hostile paths cost no more.
import { decodeSegment, decodeSegments, type Template, type Variable } from "./template.ts";

interface Leaf<T> {
  /** HTTP method → value. */
  readonly methods: Map<string, T>;
}

interface Node<T> {
  readonly literals: Map<string, Node<T>>;
  one: Node<T> | null;
  /** `**`, by verb. */
  readonly rest: Map<string, Leaf<T>>;
  /** Templates that end here, by verb. */
  readonly ends: Map<string, Leaf<T>>;
}

/** What a path led to. */
export interface PathMatch<T> {
  readonly value: T;
  /** Raw segments of the path, without the verb. */
  readonly segments: readonly string[];
}

/** Literal segments come before `*`, `*` before `**`, a verb before none. */
export class PathTable<T extends object> {
  readonly #root: Node<T> = node();

  /** Adds a template. @returns the value already there for the same method and shape, which stays; undefined when added */
  add(method: string, template: Template, value: T): T | undefined {
    let at = this.#root;
    let ends = at.ends;
    for (const segment of template.segments) {
      if (segment === "**") {
        ends = at.rest;
        break;
      }
      if (segment === "*") at = at.one ??= node();
      else {
        let next = at.literals.get(segment.literal);
        if (next === undefined) at.literals.set(segment.literal, (next = node()));
        at = next;
      }
      ends = at.ends;
    }
    let leaf = ends.get(template.verb);
    if (leaf === undefined) ends.set(template.verb, (leaf = { methods: new Map() }));
    const known = leaf.methods.get(method);
    if (known !== undefined) return known;
    leaf.methods.set(method, value);
    return undefined;
  }

  /**
   * The best template for a path.
   * @param allow collects the methods of templates that match the path but not the method
   */
  match(method: string, path: string, allow: Set<string>): PathMatch<T> | undefined {
    const segments = path === "/" ? [] : path.slice(1).split("/");
    const last = segments.at(-1) ?? "";
    // Every colon may begin the verb; the walk itself is repeated once for each of a few.
    for (
      let at = last.indexOf(":"), tries = 0;
      at !== -1 && tries < MAX_COLONS;
      at = last.indexOf(":", at + 1), tries++
    ) {
      const verb = decodeSegment(last.slice(at + 1));
      const cut = [...segments.slice(0, -1), last.slice(0, at)];
      const value = verb === undefined || verb === "" ? undefined : walk(this.#root, cut, 0, verb, method, allow);
      if (value !== undefined) return { value, segments: cut };
    }
    const value = walk(this.#root, segments, 0, "", method, allow);
    return value === undefined ? undefined : { value, segments };
  }
}

/** Colons of the last segment that are tried as the beginning of a verb. */
const MAX_COLONS = 4;

function node<T>(): Node<T> {
  return { literals: new Map(), one: null, rest: new Map(), ends: new Map() };
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
  return found ?? pick(at.rest.get(verb), method, allow);
}

function pick<T extends object>(leaf: Leaf<T> | undefined, method: string, allow: Set<string>): T | undefined {
  if (leaf === undefined) return undefined;
  const { methods } = leaf;
  const found = methods.get(method) ?? (method === "HEAD" ? methods.get("GET") : undefined) ?? methods.get("*");
  if (found === undefined) for (const other of methods.keys()) allow.add(other);
  return found;
}

/** The decoded value of a variable; undefined when its bytes are not UTF-8. */
export function variableValue(variable: Variable, segments: readonly string[]): string | undefined {
  const own = segments.slice(variable.from, variable.to === -1 ? segments.length : variable.to).join("/");
  return variable.multi ? decodeSegments(own) : decodeSegment(own);
}
