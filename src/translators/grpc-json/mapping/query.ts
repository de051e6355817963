// Query parameters as fields of the request message: a parameter that is not a field is rejected.
import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { InputError } from "../input-error.ts";
import { dottedName, findPath, putValue, takesText, type ValueTree } from "./field-path.ts";
import { expectation, valueOfText } from "./text-value.ts";

/**
 * Puts the parameters of `query` into `tree`.
 * @param query with its leading `?`, or ""
 * @param bound dotted names of fields the path has set: those stay as they are
 * @param body `*`: no parameters at all; a field: not that one (google/api/http.proto, "Rules for HTTP mapping")
 * @throws {InputError} naming the parameter
 */
export function addQuery(
  tree: ValueTree,
  message: DescMessage,
  query: string,
  bound: ReadonlySet<string>,
  body: DescField | "*" | null,
): void {
  for (const pair of query.slice(1).split("&")) {
    if (pair === "") continue;
    const equals = pair.indexOf("=");
    const name = decode(equals === -1 ? pair : pair.slice(0, equals));
    const text = decode(equals === -1 ? "" : pair.slice(equals + 1));
    if (body === "*")
      throw new InputError(`The query parameter "${name}" is not allowed: the body carries the message.`);
    const path = findPath(message, name);
    if (path === undefined) throw new InputError(`There is no field for the query parameter "${name}".`);
    if (path[0] === body) throw new InputError(`The query parameter "${name}" belongs into the body.`);
    if (bound.has(dottedName(path))) continue;
    const field = path.at(-1)!;
    if (!takesText(field)) throw new InputError(`The field "${name}" cannot be set by a query parameter.`);
    const value = valueOfText(field, text);
    if (value === undefined) throw new InputError(`The query parameter "${name}" must be ${expectation(field)}.`);
    if (!putValue(tree, path, value)) throw new InputError(`The query parameter "${name}" was given twice.`);
  }
}

/** `application/x-www-form-urlencoded` as browsers write it: `+` is a space. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    throw new InputError("The query is not valid UTF-8 in percent-encoding.");
  }
}
