// How one HTTP request fills the message of one method: which fields come from the path, which from the body.
import type { DescField, DescMethod } from "@bufbuild/protobuf";
import { type FieldPath, findField, findPath, takesText } from "./field-path.ts";
import { parseTemplate, type Template, type Variable } from "./template.ts";

/** A variable of the template and the field it fills. */
interface BoundVariable {
  readonly variable: Variable;
  readonly path: FieldPath;
}

/** A method as one HTTP rule offers it. */
export interface Binding {
  readonly method: DescMethod;
  readonly variables: readonly BoundVariable[];
  /** `*` the whole message; a field; null: the body is not looked at. */
  readonly body: DescField | "*" | null;
  /** The field that is the answer; null: the whole message. */
  readonly responseBody: DescField | null;
}

/** What a rule says, from configuration or from google.api.http. */
interface BindingSource {
  readonly template: string;
  /** As in google.api.http. */
  readonly body: string;
  readonly responseBody: string;
}

/** Compiles a rule for `method`. @returns the binding and its template, or what is wrong with the rule */
export function compileBinding(
  method: DescMethod,
  source: BindingSource,
): { readonly binding: Binding; readonly template: Template } | string {
  const template = parseTemplate(source.template);
  if (typeof template === "string") return template;
  const variables: BoundVariable[] = [];
  for (const variable of template.variables) {
    const path = findPath(method.input, variable.field);
    const field = path?.at(-1);
    if (path === undefined || field === undefined) return `${method.input.typeName} has no field "${variable.field}"`;
    const single = path.every(({ fieldKind }) => fieldKind !== "list" && fieldKind !== "map");
    if (!single || !takesText(field)) return `the field "${variable.field}" cannot be set by a path`;
    variables.push({ variable, path });
  }
  const body = source.body === "" ? null : source.body === "*" ? "*" : findField(method.input, source.body);
  if (body === undefined) return `${method.input.typeName} has no field "${source.body}" for the body`;
  const response = source.responseBody === "" ? null : findField(method.output, source.responseBody);
  if (response === undefined) return `${method.output.typeName} has no field "${source.responseBody}" for the answer`;
  return { binding: { method, variables, body, responseBody: response }, template };
}

/** A method named by configuration or by the path: the query fills it where HTTP methods have no body, else the body. */
export function plainBinding(method: DescMethod, httpMethod: string): Binding {
  return { method, variables: [], body: bodyOf(httpMethod), responseBody: null };
}

/** `*` for HTTP methods that carry content (RFC 9110 §9.3), else null. */
export function bodyOf(httpMethod: string): "*" | null {
  return httpMethod === "GET" || httpMethod === "HEAD" || httpMethod === "DELETE" ? null : "*";
}
