// A fragment's flat values → the written tree below `gateway`, each value with its position in the source.
import type { Fragment, FragmentValue } from "../../core/registry.ts";
import type { Position, Problems } from "../text/problem.ts";
import { type Entry, emptyMap, type MapNode, type Node } from "../text/tree.ts";

/** Most values one fragment may have. */
const MAX_VALUES = 2000;
/** Most characters of keys and values one fragment may have. */
const MAX_CHARS = 256 * 1024;
/** Most keys above one another. */
const MAX_DEPTH = 32;

/** Puts the values into a tree. Keys are in order, so that the order of the values says nothing. Faults go to `problems`. */
export function fragmentTree(fragment: Fragment, problems: Problems): MapNode {
  const at = placeIn(fragment);
  const fault = sizeFault(fragment);
  if (fault !== null) problems.error(at, fault);
  if (fault !== null || fragment.values.length === 0) return emptyMap(at);
  const root = new Builder(fragment, problems).build(fragment.values, 0);
  if (root.kind === "map") return root;
  problems.error(at, "a path must begin with a key, such as router");
  return emptyMap(at);
}

/** A place in a fragment; without `place` the fragment as a whole. */
export function placeIn({ source }: Fragment, place = ""): Position {
  return { file: place === "" ? source : `${source} ${place}`, line: 0, column: 0, fragment: source };
}

/** Characters of a fragment's keys and values. */
export function lengthOf({ values }: Fragment): number {
  let sum = 0;
  for (const { path, value } of values) {
    sum += typeof value === "string" ? value.length : 1;
    for (const step of path) sum += typeof step === "string" ? step.length : 1;
  }
  return sum;
}

function sizeFault(fragment: Fragment): string | null {
  if (fragment.values.length > MAX_VALUES) return `more than ${MAX_VALUES} values`;
  if (lengthOf(fragment) > MAX_CHARS) return `its keys and values have more than ${MAX_CHARS} characters`;
  const tooDeep = fragment.values.some(({ path }) => path.length > MAX_DEPTH);
  return tooDeep ? `nested more than ${MAX_DEPTH} keys deep` : null;
}

class Builder {
  readonly #fragment: Fragment;
  readonly #problems: Problems;

  constructor(fragment: Fragment, problems: Problems) {
    this.#fragment = fragment;
    this.#problems = problems;
  }

  /** @param values at least one, alike in the first `depth` steps of their paths */
  build(values: readonly FragmentValue[], depth: number): Node {
    const leaf = values.find(({ path }) => path.length === depth);
    if (leaf !== undefined) return this.#scalar(leaf, values, depth);
    const groups = new Map<string | number, FragmentValue[]>();
    for (const value of values) {
      const step = value.path[depth]!;
      const group = groups.get(step);
      if (group === undefined) groups.set(step, [value]);
      else group.push(value);
    }
    const isList = [...groups.keys()].map((step) => typeof step === "number");
    if (isList.includes(true) && isList.includes(false))
      this.#error(values[0]!, depth, "has both keys and list elements below it");
    return isList[0]! ? this.#list(groups, values[0]!, depth) : this.#map(groups, depth);
  }

  #scalar(leaf: FragmentValue, values: readonly FragmentValue[], depth: number): Node {
    const other = values.find(({ path, value }) => path.length !== depth || value !== leaf.value);
    if (other !== undefined) this.#error(other, depth, `is set differently by ${leaf.place}`);
    return { kind: "scalar", at: placeIn(this.#fragment, leaf.place), value: leaf.value };
  }

  #list(groups: ReadonlyMap<string | number, FragmentValue[]>, first: FragmentValue, depth: number): Node {
    const items: Node[] = [];
    for (let i = 0; i < groups.size; i++) {
      const group = groups.get(i);
      if (group !== undefined) items.push(this.build(group, depth + 1));
      else {
        this.#error(first, depth, `has ${groups.size} elements, but no [${i}]`);
        break;
      }
    }
    return { kind: "list", at: placeIn(this.#fragment), items };
  }

  #map(groups: ReadonlyMap<string | number, FragmentValue[]>, depth: number): MapNode {
    const entries = new Map<string, Entry>();
    for (const key of [...groups.keys()].map(String).sort()) {
      const group = groups.get(key) ?? [];
      if (group.length === 0) continue; // an index among keys, which was refused
      const keyAt = placeIn(this.#fragment, group[0]!.place);
      entries.set(key, { keyAt, value: this.build(group, depth + 1) });
    }
    return { kind: "map", at: placeIn(this.#fragment), entries };
  }

  #error(value: FragmentValue, depth: number, message: string): void {
    const path = value.path.slice(0, depth).map((step) => (typeof step === "number" ? `[${step}]` : `.${step}`));
    this.#problems.error(placeIn(this.#fragment, value.place), `${path.join("").slice(1) || "gateway"} ${message}`);
  }
}
