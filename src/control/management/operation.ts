// The table of the management API: which method and path does what, and how one is found.
import { type Answer, CallError } from "./answer.ts";

/** Groups that `management.endpoints` switches. */
export type Group = "health" | "metrics" | "routes" | "services" | "config";

/** One call, as an operation sees it. */
export interface Call {
  /** Values of the path's `{…}`, decoded, in order. */
  readonly params: readonly string[];
  /** Parsed JSON; undefined when there was none. */
  readonly body: unknown;
}

/** One thing the API does. */
export interface Operation {
  /** GET also answers HEAD; anything else changes something. */
  readonly method: "GET" | "POST" | "PUT";
  /** Below the base path; `{name}` is any one segment, in which `/` is written `%2F`. */
  readonly path: string;
  readonly group: Group;
  /** Needs no credential. */
  readonly open?: true;
  /** @throws CallError */
  run(call: Call): Answer | Promise<Answer>;
}

/** An operation with the values of its path. */
export interface Found {
  readonly operation: Operation;
  readonly params: readonly string[];
}

/** Finds operations by method and path. */
export class OperationTable {
  readonly #rows: readonly { readonly operation: Operation; readonly segments: readonly string[] }[];

  /** @param operations earlier ones take precedence */
  constructor(operations: readonly Operation[]) {
    this.#rows = operations.map((operation) => ({ operation, segments: operation.path.split("/") }));
  }

  /**
   * @param path raw, below the base path
   * @throws CallError 404 or 405
   */
  find(method: string, path: string): Found {
    const segments = path.split("/");
    const fitting = this.#rows.flatMap((row) => {
      const params = match(row.segments, segments);
      return params === null ? [] : [{ operation: row.operation, params }];
    });
    if (fitting.length === 0) throw new CallError(404, "Not found");
    const asked = method === "HEAD" ? "GET" : method;
    const found = fitting.find(({ operation }) => operation.method === asked);
    if (found !== undefined) return found;
    const allow = fitting.map(({ operation }) => (operation.method === "GET" ? "GET, HEAD" : operation.method));
    throw new CallError(405, "Method not allowed", { Allow: [...new Set(allow)].join(", ") });
  }
}

/** Values of the pattern's variables, or null if it does not match. */
function match(pattern: readonly string[], segments: readonly string[]): readonly string[] | null {
  if (pattern.length !== segments.length) return null;
  const params: string[] = [];
  for (const [i, part] of pattern.entries()) {
    const segment = segments[i]!;
    if (!part.startsWith("{")) {
      if (part !== segment) return null;
      continue;
    }
    const value = decoded(segment);
    if (value === null || value === "") return null;
    params.push(value);
  }
  return params;
}

function decoded(segment: string): string | null {
  try {
    return decodeURIComponent(segment);
  } catch {
    return null;
  }
}
