// Writes contents of messages for a provider.

import type { JsonObject } from "../json/values.ts";
import { documentText } from "../message/document-text.ts";
import { unsupported } from "../message/fault.ts";
import type { AudioPart, DocumentPart, ImagePart, TextPart } from "../message/request.ts";
import { AUDIO_FORMATS } from "../openai/audio.ts";
import { dataUrl } from "../openai/data-url.ts";
import type { ChatContext } from "./write-context.ts";

/** What a message of a user may hold. */
export type UserPart = TextPart | ImagePart | AudioPart | DocumentPart;

/**
 * Texts as one text, which every server takes; as parts only where a cache mark needs them.
 * @param between stands between two texts
 */
export function writeTexts(parts: readonly TextPart[], between: string, context: ChatContext): string | JsonObject[] {
  const written = parts.map((part) => writePart(part, context));
  if (written.some((part) => "cache_control" in part)) return written;
  return parts.map(({ text }) => text).join(between);
}

/** A content of any parts: one text as a text, else parts. */
export function writeContent(parts: readonly UserPart[], context: ChatContext): string | JsonObject[] {
  if (parts.length === 1 && parts[0]!.kind === "text") return writeTexts(parts as readonly TextPart[], "", context);
  return parts.map((part) => writePart(part, context));
}

/** @throws LlmError of `unsupported` */
export function writePart(part: UserPart, context: ChatContext): JsonObject {
  switch (part.kind) {
    case "text":
      return context.marked({ type: "text", text: part.text }, part.cache);
    case "image":
      return context.marked(writeImage(part, context), part.cache);
    case "audio":
      return context.marked(writeAudio(part, context), part.cache);
    case "document":
      return context.marked(writeDocument(part, context), part.cache);
  }
}

function writeImage({ source, detail }: ImagePart, { to }: ChatContext): JsonObject {
  if (!to.facts.images) throw unsupported("An image");
  if (source.kind === "file") throw unsupported("An image given as the id of a file");
  if (source.kind === "url" && !to.dialect.remoteUrls) throw unsupported("An image given as a URL");
  const url = source.kind === "url" ? source.url : dataUrl(source.mediaType, source.data);
  return { type: "image_url", image_url: detail === null ? { url } : { url, detail } };
}

function writeAudio({ source }: AudioPart, { to }: ChatContext): JsonObject {
  if (!to.facts.audio) throw unsupported("Audio");
  if (source.kind !== "base64") throw unsupported("Audio that is not part of the request");
  const format =
    AUDIO_FORMATS.get(source.mediaType) ?? (to.dialect.genuine ? null : source.mediaType.replace("audio/", ""));
  if (format === null) throw unsupported(`Audio of type ${source.mediaType}`);
  return { type: "input_audio", input_audio: { data: source.data, format } };
}

function writeDocument(part: DocumentPart, { to, openRouter }: ChatContext): JsonObject {
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
