// Documents that are text, for APIs that take text only.
import type { DocumentPart } from "./request.ts";

/** The text of a document, after its name; null: it is none. */
export function documentText({ source, name }: DocumentPart): string | null {
  if (source.kind !== "base64" || !/^(?:text\/|application\/json\b)/.test(source.mediaType)) return null;
  const text = Buffer.from(source.data, "base64").toString();
  return name === null ? text : `${name}\n\n${text}`;
}
