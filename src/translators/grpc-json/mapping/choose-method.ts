// Chooses the method of a request: configuration first, then the annotations of the service, then the path itself.
import type { DescService } from "@bufbuild/protobuf";
import type { Refusal } from "../../../core/reply.ts";
import { InputError } from "../input-error.ts";
import { type Binding, bodyOf, plainBinding } from "./binding.ts";
import { type FieldPath, newTree, putValue, type ValueTree } from "./field-path.ts";
import type { MethodTable } from "./method-table.ts";
import { type PathTable, variableValue } from "./path-table.ts";
import { expectation, valueOfText } from "./text-value.ts";

/** The method of one request and what its path said. */
export interface Choice {
  readonly binding: Binding;
  /** Values of the path variables. */
  readonly values: ValueTree;
  /** Fields they fill. */
  readonly bound: readonly FieldPath[];
}

/**
 * Chooses in this order: mappings, fixed method, google.api.http, `/pkg.Service/Method` at the end of the path, service
 * and last segment. Templates are tried on the full path, then on what is below `prefix`.
 * @throws {InputError} when a path variable is not a value of its field
 */
export function chooseMethod(table: MethodTable, prefix: string, httpMethod: string, path: string): Choice | Refusal {
  const below = prefix !== "" && path.startsWith(`${prefix}/`) ? path.slice(prefix.length) : undefined;
  const paths = below === undefined ? [path] : [path, below];
  const allow = new Set<string>();

  const mapped = byTemplate(table.mapped, httpMethod, paths, allow);
  if (mapped !== undefined) {
    // A mapping for any method takes its fields from the query where the method at hand has no body.
    return mapped.binding.body === "*"
      ? { ...mapped, binding: { ...mapped.binding, body: bodyOf(httpMethod) } }
      : mapped;
  }
  if (table.fixed === null) return { code: "no_route" };
  if (table.fixed !== undefined) return plain(plainBinding(table.fixed, httpMethod));

  const annotated = byTemplate(table.annotated, httpMethod, paths, allow);
  if (annotated !== undefined) return annotated;

  const segments = path.split("/");
  const last = segments.at(-1)!;
  const named = table.pool.service(segments.at(-2)!);
  // A route tied to one service does not lead to another one, whatever the path says.
  const other = table.service !== undefined && named !== undefined && named !== table.service;
  const direct = other ? undefined : named?.methods.find(({ name }) => name === last);
  if (direct !== undefined && httpMethod === "POST") return plain(plainBinding(direct, httpMethod));
  if (direct !== undefined) allow.add("POST");
  else if (!other || named.typeName !== segments.at(-2)) {
    const service = table.service ?? byPrefix(table, paths);
    const method = service?.methods.find(({ name }) => name === last);
    if (method !== undefined) return plain(plainBinding(method, httpMethod));
  }
  if (allow.size === 0) return { code: "no_route" };
  return { code: "method_not_allowed", fields: ["Allow", [...allow].sort().join(", ")] };
}

function plain(binding: Binding): Choice {
  return { binding, values: newTree(), bound: [] };
}

function byTemplate(
  table: PathTable<Binding>,
  httpMethod: string,
  paths: readonly string[],
  allow: Set<string>,
): Choice | undefined {
  for (const path of paths) {
    const match = table.match(httpMethod, path, allow);
    if (match === undefined) continue;
    const values = newTree();
    for (const { variable, path: fields } of match.value.variables) {
      const text = variableValue(variable, match.segments);
      const value = text === undefined ? undefined : valueOfText(fields.at(-1)!, text);
      if (value === undefined) {
        throw new InputError(`"${variable.field}" in the path must be ${expectation(fields.at(-1)!)}.`);
      }
      putValue(values, fields, value);
    }
    return { binding: match.value, values, bound: match.value.variables.map(({ path: fields }) => fields) };
  }
  return undefined;
}

function byPrefix(table: MethodTable, paths: readonly string[]): DescService | undefined {
  for (const path of paths) {
    for (const [prefix, service] of table.prefixes) if (path.startsWith(`${prefix}/`)) return service;
  }
  return undefined;
}
