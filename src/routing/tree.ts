// Finds the route of a request: a trie over path segments, walked from the most specific branch to the least.
import type { RequestContext } from "../core/context.ts";
import type { NoMatch } from "../core/snapshot.ts";
import { fitsGlob } from "../wire/glob.ts";
import { type Candidate, Leaf } from "./leaf.ts";
import type { Pattern, Segment } from "./pattern.ts";

class Node<T> {
  literals: Map<string, Node<T>> | null = null;
  globs: { readonly parts: readonly string[]; readonly node: Node<T> }[] | null = null;
  any: Node<T> | null = null;
  /** Rules that end here. */
  here: Leaf<T> | null = null;
  /** Rules that take this path and everything below. */
  rest: Leaf<T> | null = null;
}

/** The routes of one snapshot. Literal beats glob beats any segment beats rest, compared segment by segment. */
export class RouteTree<T extends object> {
  readonly #root = new Node<T>();

  add(pattern: Pattern, candidate: Candidate<T>): void {
    let node = this.#root;
    for (const segment of pattern.segments) node = child(node, segment);
    if (pattern.rest) (node.rest ??= new Leaf<T>()).add(candidate);
    else (node.here ??= new Leaf<T>()).add(candidate);
  }

  /** The route for `ctx` (its path, host, method, fields and query), or the methods its path would admit. */
  match(ctx: RequestContext): T | NoMatch {
    const route = walk(this.#root, ctx, 1, null);
    if (route !== null) return route;
    // A request without a route is rare and may cost a second walk, so that the others need not collect methods.
    const allow = new Set<string>();
    walk(this.#root, ctx, 1, allow);
    if (allow.has("GET")) allow.add("HEAD");
    return { allow: [...allow].sort() };
  }
}

/** @param pos where the next segment begins, or -1 when the path is used up */
function walk<T>(node: Node<T>, ctx: RequestContext, pos: number, allow: Set<string> | null): T | null {
  if (pos === -1) {
    const route = node.here === null ? null : node.here.find(ctx, allow);
    if (route !== null) return route;
  } else {
    const route = descend(node, ctx, pos, allow);
    if (route !== null) return route;
  }
  return node.rest === null ? null : node.rest.find(ctx, allow);
}

function descend<T>(node: Node<T>, ctx: RequestContext, pos: number, allow: Set<string> | null): T | null {
  const { literals, globs, any } = node;
  if (literals === null && globs === null && any === null) return null;
  const slash = ctx.path.indexOf("/", pos);
  const segment = slash === -1 ? ctx.path.slice(pos) : ctx.path.slice(pos, slash);
  const next = slash === -1 ? -1 : slash + 1;
  if (literals !== null) {
    const under = literals.get(segment);
    const route = under === undefined ? null : walk(under, ctx, next, allow);
    if (route !== null) return route;
  }
  if (globs !== null) {
    for (const glob of globs) {
      const route = fitsGlob(segment, glob.parts) ? walk(glob.node, ctx, next, allow) : null;
      if (route !== null) return route;
    }
  }
  return any === null || segment === "" ? null : walk(any, ctx, next, allow);
}

function child<T>(node: Node<T>, segment: Segment): Node<T> {
  if (segment.kind === "any") return (node.any ??= new Node<T>());
  if (segment.kind === "literal") {
    const literals = (node.literals ??= new Map());
    let under = literals.get(segment.text);
    if (under === undefined) literals.set(segment.text, (under = new Node<T>()));
    return under;
  }
  const globs = (node.globs ??= []);
  const key = segment.parts.join("*");
  const known = globs.find((g) => g.parts.join("*") === key);
  if (known !== undefined) return known.node;
  const added = { parts: segment.parts, node: new Node<T>() };
  globs.push(added);
  // The glob with more literal characters is the more specific one.
  globs.sort((a, b) => b.parts.join("").length - a.parts.join("").length);
  return added.node;
}
