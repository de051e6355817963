// Writes images and documents for a provider.
import { unsupported } from "../message/fault.ts";
import type { DocumentPart, ImagePart, Source } from "../message/request.ts";
import type { ModelTarget } from "../models/model.ts";

const PICTURES: ReadonlySet<string> = new Set(["image/jpeg", "image/png", "image/gif", "image/webp"]);
/** Types that are text and have no name of their own beginning with `text/`. */
const TEXTS = /^(?:text\/|application\/(?:json|xml|yaml|x-yaml|javascript)\b)/;

/** @throws LlmError of `unsupported` */
export function imageBlock({ source }: ImagePart, { facts, dialect }: ModelTarget): Record<string, unknown> {
  if (!facts.images) throw unsupported("image input");
  if (source.kind !== "base64") return { type: "image", source: reference(source, dialect.remoteUrls, "an image") };
  const mediaType = source.mediaType === "image/jpg" ? "image/jpeg" : source.mediaType;
  if (!PICTURES.has(mediaType)) throw unsupported(`image type ${quoted(mediaType)}`);
  return { type: "image", source: { type: "base64", media_type: mediaType, data: source.data } };
}

/** @throws LlmError of `unsupported` */
export function documentBlock({ source, name }: DocumentPart, target: ModelTarget): Record<string, unknown> {
  const title = name === null ? null : { title: name };
  if (source.kind === "base64" && TEXTS.test(source.mediaType)) {
    const data = Buffer.from(source.data, "base64").toString();
    return { type: "document", source: { type: "text", media_type: "text/plain", data }, ...title };
  }
  if (!target.facts.documents) throw unsupported("document input");
  return { type: "document", source: documentSource(source, target), ...title };
}

function documentSource(source: Source, { dialect }: ModelTarget): object {
  if (source.kind !== "base64") return reference(source, dialect.remoteUrls, "a document");
  if (source.mediaType !== "application/pdf") throw unsupported(`document type ${quoted(source.mediaType)}`);
  return { type: "base64", media_type: source.mediaType, data: source.data };
}

function reference(source: Exclude<Source, { kind: "base64" }>, urls: boolean, what: string): object {
  if (source.kind === "file") {
    if (source.family !== "anthropic") throw unsupported(`${what} by the file id of another provider`);
    return { type: "file", file_id: source.id };
  }
  if (!urls) throw unsupported(`${what} by URL`);
  return { type: "url", url: source.url };
}

/** Types come from the client, and end in an error for it. */
function quoted(mediaType: string): string {
  return JSON.stringify(mediaType.slice(0, 60));
}
