// Reads contents of messages in a client's request.

import { isObject, type JsonObject, textOr } from "../json/values.ts";
import { invalid, type LlmError } from "../message/fault.ts";
import type { Losses } from "../message/losses.ts";
import type { AudioPart, CacheMark, DocumentPart, ImagePart, RefusalPart, TextPart } from "../message/request.ts";
import { readDataUrl } from "../openai/data-url.ts";

/** What a content may hold. */
export type ContentPart = TextPart | ImagePart | AudioPart | DocumentPart | RefusalPart;

/** Lifetimes of marks, s. */
const LIFETIMES: ReadonlyMap<unknown, number> = new Map([
  ["5m", 300],
  ["30m", 1800],
  ["1h", 3600],
  ["12h", 43_200],
]);

/** The error of a part. @param part -1: the content itself */
function malformedPart(message: number, part: number, key: string, what: string): LlmError {
  const at = part === -1 ? `messages[${message}].content` : `messages[${message}].content[${part}]`;
  return invalid(key === "" ? at : `${at}.${key}`, what);
}

/** A text. */
function textPart(text: string, cache: CacheMark | null = null): TextPart {
  return { kind: "text", text, cache };
}

/** Whether the cache may end here: `prompt_cache_breakpoint`, or `cache_control` as OpenRouter has it. */
export function cacheMark(from: JsonObject): CacheMark | null {
  const mark = from.prompt_cache_breakpoint ?? from.cache_control ?? null;
  return isObject(mark) ? { ttlSeconds: LIFETIMES.get(mark.ttl) ?? 0 } : null;
}

/** A content of texts only: instructions, and what tools have answered. @throws LlmError `invalid` */
export function readTexts(content: unknown, message: number): readonly TextPart[] {
  if (typeof content === "string") return [textPart(content)];
  if (!Array.isArray(content)) throw malformedPart(message, -1, "", "must be a text or a list of parts");
  return content.map((part: unknown, index) => {
    if (!isObject(part) || part.type !== "text") throw malformedPart(message, index, "type", "must be text");
    return readText(part, message, index);
  });
}

/** Any content. Parts of unknown types are noted, not read. @throws LlmError `invalid` */
export function readParts(content: unknown, message: number, losses: Losses): readonly ContentPart[] {
  if (typeof content === "string") return [textPart(content)];
  if (!Array.isArray(content)) throw malformedPart(message, -1, "", "must be a text or a list of parts");
  const parts: ContentPart[] = [];
  for (const [index, value] of content.entries()) {
    const part = readPart(value, message, index, losses);
    if (part !== null) parts.push(part);
  }
  return parts;
}

function readPart(part: unknown, message: number, index: number, losses: Losses): ContentPart | null {
  if (!isObject(part)) throw malformedPart(message, index, "", "must be an object");
  switch (part.type) {
    case "text":
      return readText(part, message, index);
    case "image_url":
      return readImage(part, message, index);
    case "input_audio":
      return readAudio(part, message, index);
    case "file":
      return readFile(part, message, index);
    case "refusal":
      return { kind: "refusal", text: required(part, "refusal", message, index) };
    default:
      if (typeof part.type !== "string") throw malformedPart(message, index, "type", "must be a text");
      losses.native(`content ${part.type}`);
      return null;
  }
}

function readText(part: JsonObject, message: number, index: number): TextPart {
  return textPart(required(part, "text", message, index), cacheMark(part));
}

function readImage(part: JsonObject, message: number, index: number): ImagePart {
  const image = isObject(part.image_url) ? part.image_url : { url: part.image_url };
  if (typeof image.url !== "string" || image.url === "") {
    throw malformedPart(message, index, "image_url.url", "must be a URL");
  }
  const bytes = readDataUrl(image.url);
  return {
    kind: "image",
    source: bytes === null ? { kind: "url", url: image.url, mediaType: null } : { kind: "base64", ...bytes },
    detail: textOr(image.detail),
    cache: cacheMark(part),
  };
}

function readAudio(part: JsonObject, message: number, index: number): AudioPart {
  const { data, format } = isObject(part.input_audio) ? part.input_audio : part;
  if (typeof data !== "string") throw malformedPart(message, index, "input_audio.data", "must be a text");
  if (typeof format !== "string") throw malformedPart(message, index, "input_audio.format", "must be a text");
  const mediaType = format === "mp3" ? "audio/mpeg" : `audio/${format}`;
  return { kind: "audio", source: { kind: "base64", mediaType, data }, cache: cacheMark(part) };
}

function readFile(part: JsonObject, message: number, index: number): DocumentPart {
  const file = isObject(part.file) ? part.file : {};
  const common = { kind: "document", name: textOr(file.filename), cache: cacheMark(part) } as const;
  if (typeof file.file_id === "string") {
    return { ...common, source: { kind: "file", id: file.file_id, family: "openai" } };
  }
  const data = file.file_data;
  if (typeof data !== "string") throw malformedPart(message, index, "file", "must have file_id or file_data");
  const bytes = readDataUrl(data);
  if (bytes !== null) return { ...common, source: { kind: "base64", ...bytes } };
  if (/^https?:/i.test(data)) return { ...common, source: { kind: "url", url: data, mediaType: null } };
  return { ...common, source: { kind: "base64", mediaType: "application/pdf", data } };
}

function required(part: JsonObject, key: string, message: number, index: number): string {
  const value = part[key];
  if (typeof value !== "string") throw malformedPart(message, index, key, "must be a text");
  return value;
}
