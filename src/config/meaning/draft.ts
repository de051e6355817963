// A configuration whose sections have been read but not yet inferred and checked, with the means to report problems at
// places.
import type { Origin } from "../schema/field.ts";
import type { Written } from "../schema/root.ts";
import { placeOf } from "../text/position.ts";
import type { Position, Problems } from "../text/problem.ts";
import type { MapNode } from "../text/tree.ts";

/** Path of a value below `gateway`: keys of blocks and indexes of lists. */
export type Place = readonly (string | number)[];

/** Input of every part of `meaning/`. */
export class Draft {
  /** The sections, with every default. */
  readonly written: Written;
  /** The tree below `gateway` they were read from. */
  readonly tree: MapNode;
  readonly problems: Problems;
  readonly #origins: ReadonlyMap<string, Origin>;

  /** @param origins dotted path → where the value came from; without defaults */
  constructor(written: Written, tree: MapNode, origins: ReadonlyMap<string, Origin>, problems: Problems) {
    this.written = written;
    this.tree = tree;
    this.problems = problems;
    this.#origins = origins;
  }

  /** Where a value, or the nearest one above it, stands in the files. */
  at(place: Place): Position {
    return placeOf(this.tree, place);
  }

  /** Reports an error; the configuration is then refused. */
  error(place: Place, message: string): void {
    this.problems.error(this.at(place), message);
  }

  /** Reports a warning. */
  warn(place: Place, message: string): void {
    this.problems.warn(this.at(place), message);
  }

  /** Whether a value was given, in a file or by the environment, and is no default. @param key dotted path */
  isGiven(key: string): boolean {
    return this.#origins.has(key);
  }
}

/** `router.rules[0].grpc` → its steps. */
export function placeOfKey(key: string): Place {
  return key.split(".").flatMap((step) => {
    const [, name, index] = /^(.*?)(?:\[(\d+)\])?$/.exec(step)!;
    return index === undefined ? [name!] : [name!, Number(index)];
  });
}

/** `router.rules[0].grpc`. */
export function dotted(place: Place): string {
  return place
    .map((step) => (typeof step === "number" ? `[${step}]` : `.${step}`))
    .join("")
    .slice(1);
}
