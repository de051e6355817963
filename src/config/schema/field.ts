// The contract of the schema: a field reads its value and has its JSON Schema, its default and its documentation.
import type { Position, Problems } from "../text/problem.ts";
import type { Node } from "../text/tree.ts";

/** A JSON Schema fragment (draft 2020-12). */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** Where a value that is no default came from: a file or fragment, or the environment. */
export type Origin =
  | { readonly kind: "file"; readonly at: Position; readonly masked: boolean }
  | { readonly kind: "env"; readonly name: string };

/** State of one reading: the problems found, and the origin of each value that was given, by dotted path. */
export interface Reading {
  readonly problems: Problems;
  readonly origins: Map<string, Origin>;
  /** Every key below `gateway`, for messages about keys at a wrong place. */
  readonly schema: Fields;
}

/** One key of the configuration. */
export interface Field<T> {
  readonly doc: string;
  /** How the documentation names the type. */
  readonly type: string;
  readonly json: JsonSchema;
  /** Value when the key is absent; undefined = required. */
  readonly fallback: T | undefined;
  /** Keys of an object; null for anything else. */
  readonly fields: Fields | null;
  /** Keys of each element of a list or map of objects. */
  readonly items?: Field<unknown>;
  /** Whether an environment variable may set it. */
  readonly addressable: boolean;
  read(node: Node, path: string, reading: Reading): T;
  /** Value as it would be written in the file. */
  show(value: T): unknown;
}

/** Keys of an object. */
export type Fields = Readonly<Record<string, Field<unknown>>>;

/** Type of the value a field reads. */
export type Infer<F> = F extends Field<infer T> ? T : never;
