// Contents of messages for a provider.

import type { JsonObject } from "../json/values.ts";
import { documentText } from "../message/document-text.ts";
import { unsupported } from "../message/fault.ts";
import type { AudioPart, DocumentPart, ImagePart, TextPart } from "../message/request.ts";
import { dataUrl } from "../openai/data-url.ts";
import type { Writing } from "./write-context.ts";

/** What a message of a user may hold. */
export type UserPart = TextPart | ImagePart | AudioPart | DocumentPart;

/** Formats of sound, by media type. */
const SOUNDS: ReadonlyMap<string, string> = new Map([
  ["audio/wav", "wav"],
  ["audio/x-wav", "wav"],
  ["audio/wave", "wav"],
  ["audio/mpeg", "mp3"],
  ["audio/mp3", "mp3"],
]);

/**
 * Texts as one text, which every server takes; as parts only where a cache mark needs them.
 * @param between stands between two texts
 */
export function writeTexts(parts: readonly TextPart[], between: string, writing: Writing): string | JsonObject[] {
  const written = parts.map((part) => writePart(part, writing));
  if (written.some((part) => "cache_control" in part)) return written;
  return parts.map(({ text }) => text).join(between);
}

/** A content of any parts: one text as a text, else parts. */
export function writeContent(parts: readonly UserPart[], writing: Writing): string | JsonObject[] {
  if (parts.length === 1 && parts[0]!.kind === "text") return writeTexts(parts as readonly TextPart[], "", writing);
  return parts.map((part) => writePart(part, writing));
}

/** @throws LlmError of `unsupported` */
export function writePart(part: UserPart, writing: Writing): JsonObject {
  switch (part.kind) {
    case "text":
      return writing.marked({ type: "text", text: part.text }, part.cache);
    case "image":
      return writing.marked(writeImage(part, writing), part.cache);
    case "audio":
      return writing.marked(writeAudio(part, writing), part.cache);
    case "document":
      return writing.marked(writeDocument(part, writing), part.cache);
  }
}

function writeImage({ source, detail }: ImagePart, { to }: Writing): JsonObject {
  if (!to.facts.images) throw unsupported("An image");
  if (source.kind === "file") throw unsupported("An image given as the id of a file");
  if (source.kind === "url" && !to.dialect.remoteUrls) throw unsupported("An image given as a URL");
  const url = source.kind === "url" ? source.url : dataUrl(source.mediaType, source.data);
  return { type: "image_url", image_url: detail === null ? { url } : { url, detail } };
}

function writeAudio({ source }: AudioPart, { to }: Writing): JsonObject {
  if (!to.facts.audio) throw unsupported("Audio");
  if (source.kind !== "base64") throw unsupported("Audio that is not part of the request");
  const format = SOUNDS.get(source.mediaType) ?? (to.dialect.genuine ? null : source.mediaType.replace("audio/", ""));
  if (format === null) throw unsupported(`Audio of type ${source.mediaType}`);
  return { type: "input_audio", input_audio: { data: source.data, format } };
}

function writeDocument(part: DocumentPart, { to, openRouter }: Writing): JsonObject {
  const text = documentText(part);
  if (text !== null) return { type: "text", text };
  if (!to.facts.documents) throw unsupported("A document");
  const { source } = part;
  const filename = part.name ?? "document.pdf";
  if (source.kind === "file") {
    if (source.family !== "openai" || !to.dialect.genuine) throw unsupported("A document given as the id of a file");
    return { type: "file", file: { file_id: source.id } };
  }
  if (source.kind === "base64") {
    return { type: "file", file: { filename, file_data: dataUrl(source.mediaType, source.data) } };
  }
  if (!openRouter) throw unsupported("A document given as a URL");
  return { type: "file", file: { filename, file_data: source.url } };
}
