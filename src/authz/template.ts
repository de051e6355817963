// Templates of required permissions, with placeholders for values of the request: `orders:{id}:{action}`.
import { pathValue, readFixed, readGrant, textValue } from "./permission.ts";

/** Names of placeholders besides those of path segments. */
export const VALUES = ["path", "action", "method", "subject"] as const;
/** One of {@link VALUES}. */
type ValueName = (typeof VALUES)[number];

/** A part of a template, as plain data. */
export type TemplatePart =
  | { readonly fixed: string }
  | { readonly value: ValueName }
  /** Index of a path segment. */
  | { readonly segment: number };

/** A parsed template. */
export interface Template {
  readonly text: string;
  readonly parts: readonly TemplatePart[];
}

/** Values of a request. */
export interface TemplateValues {
  /** Canonical. */
  readonly path: string;
  readonly action: string;
  readonly method: string;
  readonly subject: string;
}

/** The default of rules. */
export const BY_PATH: Template = {
  text: "{path}:{action}",
  parts: [{ value: "path" }, { fixed: ":" }, { value: "action" }],
};

/**
 * Parses a template.
 * @param segments name of each segment of the rule's pattern; "" for segments without
 * @throws Error saying what is wrong with it
 */
export function parseTemplate(text: string, segments: readonly string[]): Template {
  const pieces = text.split(/\{([^{}]*)\}/);
  if (pieces.length === 1) return { text, parts: [{ fixed: withoutStar(text) }] };
  const parts = pieces.flatMap((piece, i): TemplatePart[] => {
    if (i % 2 === 1) return [placeOf(piece, segments)];
    return piece === "" ? [] : [{ fixed: readFixed(piece) }];
  });
  return { text, parts };
}

function withoutStar(text: string): string {
  readFixed(text);
  return readGrant(text);
}

function placeOf(name: string, segments: readonly string[]): TemplatePart {
  const at = name === "" ? [] : segments.flatMap((segment, i) => (segment === name ? [i] : []));
  const value = VALUES.find((each) => each === name);
  if (at.length + (value === undefined ? 0 : 1) > 1)
    throw new Error(`{${name}} is ambiguous; rename the segment in path`);
  if (value !== undefined) return { value };
  if (at.length === 1) return { segment: at[0]! };
  const known = [...segments.filter((segment) => segment !== ""), ...VALUES];
  throw new Error(`unknown placeholder {${name}}; known are ${known.map((each) => `{${each}}`).join(", ")}`);
}

/** Whether the permission depends on the path. */
export function dependsOnPath({ parts }: Template): boolean {
  return hasSegments({ parts }) || parts.some((part) => "value" in part && part.value === "path");
}

/** Whether the permission is only defined for paths that match the rule's pattern. */
export function hasSegments({ parts }: Pick<Template, "parts">): boolean {
  return parts.some((part) => "segment" in part);
}

/**
 * Expands a template. `:` and `*` in values are encoded, so that a value cannot match more than itself.
 * @returns null if it contains the subject and there is none
 */
export function fill({ parts }: Template, values: TemplateValues): string | null {
  let text = "";
  for (const part of parts) {
    if ("fixed" in part) text += part.fixed;
    else if ("segment" in part) text += pathValue(segmentAt(values.path, part.segment));
    else if (part.value === "path") text += pathValue(values.path);
    else if (part.value === "subject") {
      if (values.subject === "") return null;
      text += textValue(values.subject);
    } else text += values[part.value];
  }
  return text;
}

function segmentAt(path: string, index: number): string {
  let from = 1;
  for (let i = 0; i < index; i++) from = path.indexOf("/", from) + 1;
  const end = path.indexOf("/", from);
  return end === -1 ? path.slice(from) : path.slice(from, end);
}
