// Reads each fragment by itself: the errors of each, and the trees of the valid ones.
import type { Fragment } from "../../core/registry.ts";
import type { Reading } from "../schema/field.ts";
import { gateway } from "../schema/root.ts";
import { mapsAt, rewriteSpellings, rewriteValues } from "../spellings/rewrite.ts";
import { fillPlaceholders } from "../text/placeholders.ts";
import { type Position, type Problem, Problems } from "../text/problem.ts";
import { emptyMap, type MapNode } from "../text/tree.ts";
import { checkBounds, refuseOfFiles } from "./bounds.ts";
import { fragmentTree, lengthOf, placeIn } from "./fragment-tree.ts";
import { withFragments } from "./join.ts";

/** Most fragments that are read. */
const MAX_FRAGMENTS = 4096;
/** Most characters of keys and values in all of them together. */
const MAX_CHARS = 32 * 1024 * 1024;

/** A fragment with which nothing is wrong by itself. */
export interface ReadFragment {
  readonly source: string;
  /** What it says below `gateway`, in canonical spellings. */
  readonly tree: MapNode;
  readonly warnings: readonly Problem[];
}

/** A fragment that is not in effect, and why. */
export interface DroppedFragment {
  readonly source: string;
  readonly problems: readonly Problem[];
}

/** What became of the fragments that were read. */
export interface Fragments {
  /** In order of source, which decides between two that contradict each other. */
  readonly read: readonly ReadFragment[];
  readonly dropped: readonly DroppedFragment[];
}

const NOWHERE: Position = { file: "fragments", line: 0, column: 0 };

/** One fragment while it is read. */
interface Draft {
  readonly fragment: Fragment;
  readonly tree: MapNode;
  readonly problems: Problems;
}

/** Reads each fragment by itself. The order of `fragments` means nothing. */
export function readFragments(fragments: readonly Fragment[]): Fragments {
  if (fragments.length === 0) return { read: [], dropped: [] };
  const drafts = plant(fragments);
  const bounded = drafts.filter(isFine);
  rewriteTogether(bounded);
  for (const draft of bounded) finish(draft);
  return {
    read: drafts.filter(isFine).map(({ fragment: { source }, tree, problems }) => {
      return { source, tree, warnings: problems.warnings };
    }),
    dropped: drafts.flatMap(({ fragment: { source }, problems }) => {
      return problems.errors.length === 0 ? [] : [{ source, problems: problems.errors }];
    }),
  };
}

function isFine({ problems }: Draft): boolean {
  return problems.errors.length === 0;
}

/** Trees that keep to the bounds, in order of source. */
function plant(fragments: readonly Fragment[]): Draft[] {
  let chars = 0;
  return bySource(fragments).map(([fragment, twin], i) => {
    const problems = new Problems();
    const at = placeIn(fragment!);
    chars += lengthOf(fragment!);
    if (twin !== undefined) problems.error(at, "another fragment has the same source");
    else if (i >= MAX_FRAGMENTS) problems.error(at, `there are more than ${MAX_FRAGMENTS} fragments`);
    else if (chars > MAX_CHARS)
      problems.error(at, `the fragments up to this one have more than ${MAX_CHARS} characters`);
    if (problems.list.length > 0) return { fragment: fragment!, tree: emptyMap(at), problems };
    const tree = fillPlaceholders(fragmentTree(fragment!, problems), null, problems) as MapNode;
    checkBounds(tree, readingInto(problems));
    return { fragment: fragment!, tree, problems };
  });
}

function bySource(fragments: readonly Fragment[]): Fragment[][] {
  const groups = new Map<string, Fragment[]>();
  for (const fragment of fragments) {
    const group = groups.get(fragment.source);
    if (group === undefined) groups.set(fragment.source, [fragment]);
    else group.push(fragment);
  }
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group);
}

/** Applies the tables of spellings once to all: they are long, and most fragments short. */
function rewriteTogether(drafts: readonly Draft[]): void {
  // A warning about one fragment must not stand for another, which may be the only one of them in effect.
  const said = new Problems(true);
  const all = withFragments(
    emptyMap(NOWHERE),
    drafts.map(({ tree }) => tree),
    said,
  );
  rewriteSpellings(all, said);
  rewriteValues(all, said);
  const bySource = new Map(drafts.map((draft) => [draft.fragment.source, draft]));
  for (const problem of said.list) bySource.get(problem.at!.fragment!)!.problems.list.push(problem);
}

function finish({ fragment, tree, problems }: Draft): void {
  refuseOfFiles(tree, problems);
  nameRules(tree, fragment);
  gateway.read(tree, "", readingInto(problems));
}

function readingInto(problems: Problems): Reading {
  return { problems, origins: new Map(), schema: gateway.fields! };
}

/** Rules without an id are named after their fragment, so that their names do not depend on what else there is. */
function nameRules(tree: MapNode, fragment: Fragment): void {
  for (const [i, rule] of mapsAt(tree, ["router", "rules", "[]"]).entries()) {
    if (rule.entries.has("id")) continue;
    const at = placeIn(fragment);
    rule.entries.set("id", { keyAt: at, value: { kind: "scalar", at, value: `${fragment.source}-${i + 1}` } });
  }
}
