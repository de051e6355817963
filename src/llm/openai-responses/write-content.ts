// Writes content of messages and of outputs of tools for a provider.

import type { JsonObject } from "../json/values.ts";
import { documentText } from "../message/document-text.ts";
import { unsupported } from "../message/fault.ts";
import type { AudioPart, DocumentPart, ImagePart, Source, TextPart } from "../message/request.ts";
import { AUDIO_FORMATS } from "../openai/audio.ts";
import { dataUrl } from "../openai/data-url.ts";
import type { ResponsesContext } from "./write-context.ts";

/** What a message of a user may hold. */
export type UserPart = TextPart | ImagePart | AudioPart | DocumentPart;

/** A part of the input. @throws LlmError of `unsupported` */
export function writePart(part: UserPart, context: ResponsesContext): JsonObject {
  if (part.cache !== null) context.warnings.add("cache_control");
  switch (part.kind) {
    case "text":
      return { type: "input_text", text: part.text };
    case "image":
      return writeImage(part, context);
    case "audio":
      return writeAudio(part, context);
    case "document":
      return writeDocument(part, context);
  }
}

function writeImage({ source, detail }: ImagePart, context: ResponsesContext): JsonObject {
  if (!context.to.facts.images) throw unsupported("An image");
  return { type: "input_image", ...place(source, "image_url", "An image", context), detail: detail ?? "auto" };
}

/** Where an image or document is. @param key of a URL */
function place(source: Source, key: string, what: string, { to }: ResponsesContext): JsonObject {
  switch (source.kind) {
    case "base64":
      return { [key]: dataUrl(source.mediaType, source.data) };
    case "url":
      if (!to.dialect.remoteUrls) throw unsupported(`${what} given as a URL`);
      return { [key]: source.url };
    case "file":
      if (source.family !== "openai" || !to.dialect.genuine) throw unsupported(`${what} given as the id of a file`);
      return { file_id: source.id };
  }
}

function writeAudio({ source }: AudioPart, { to }: ResponsesContext): JsonObject {
  if (!to.facts.audio) throw unsupported("Audio");
  if (source.kind !== "base64") throw unsupported("Audio that is not part of the request");
  const format = AUDIO_FORMATS.get(source.mediaType);
  if (format === undefined) throw unsupported(`Audio of type ${source.mediaType}`);
  return { type: "input_audio", input_audio: { data: source.data, format } };
}

function writeDocument(part: DocumentPart, context: ResponsesContext): JsonObject {
  const { source, name } = part;
  const text = documentText(part);
  if (text !== null) return { type: "input_text", text };
  if (!context.to.facts.documents) throw unsupported("A document");
  if (source.kind !== "base64") return { type: "input_file", ...place(source, "file_url", "A document", context) };
  const filename = name ?? (source.mediaType === "application/pdf" ? "document.pdf" : "document");
  return { type: "input_file", filename, file_data: dataUrl(source.mediaType, source.data) };
}
