// Reads content of messages and of outputs of tools in a client's request.

import { isObject, type JsonObject } from "../json/values.ts";
import { invalid } from "../message/fault.ts";
import type { Losses } from "../message/losses.ts";
import type {
  AudioPart,
  CacheMark,
  DocumentPart,
  ImagePart,
  RefusalPart,
  Source,
  TextPart,
} from "../message/request.ts";
import { readDataUrl } from "../openai/data-url.ts";

/** A part of a message. */
export type ContentPart = TextPart | ImagePart | AudioPart | DocumentPart | RefusalPart;

/** A text of the common form, without a mark. */
export function textPart(text: string): TextPart {
  return { kind: "text", text, cache: null };
}

/**
 * The parts of `input[item][key]`.
 * @throws LlmError `invalid`
 */
export function readContent(content: unknown, item: number, key: string, losses: Losses): ContentPart[] {
  if (typeof content === "string") return [textPart(content)];
  if (!Array.isArray(content)) throw invalid(`input[${item}].${key}`, "must be a text or a list of parts");
  const parts: ContentPart[] = [];
  for (let index = 0; index < content.length; index++) {
    const part = readPart(content[index], losses, { item, key, index });
    if (part !== null) parts.push(part);
  }
  return parts;
}

interface At {
  readonly item: number;
  readonly key: string;
  readonly index: number;
}

function malformed({ item, key, index }: At, field: string, what: string): Error {
  return invalid(`input[${item}].${key}[${index}]${field}`, what);
}

/** null: providers of other formats cannot have it. */
function readPart(value: unknown, losses: Losses, at: At): ContentPart | null {
  if (!isObject(value)) throw malformed(at, "", "must be an object");
  switch (value.type) {
    case "input_text":
    case "output_text":
      return { kind: "text", text: textOf(value, "text", at), cache: markOf(value) };
    case "refusal":
      return { kind: "refusal", text: textOf(value, "refusal", at) };
    case "input_image":
      return readImage(value, at);
    case "input_file":
      return readFile(value, at);
    case "input_audio":
      return readAudio(value, at);
    default:
      if (typeof value.type !== "string") throw malformed(at, ".type", "must be a text");
      losses.native("content", value.type);
      return null;
  }
}

function textOf(part: JsonObject, key: string, at: At): string {
  const text = part[key];
  if (typeof text !== "string") throw malformed(at, `.${key}`, "must be a text");
  return text;
}

function maybeText(part: JsonObject, key: string, at: At): string | null {
  return (part[key] ?? null) === null ? null : textOf(part, key, at);
}

const LIFETIMES: ReadonlyMap<unknown, number> = new Map([
  ["30m", 1800],
  ["12h", 43_200],
]);

function markOf({ prompt_cache_breakpoint: mark }: JsonObject): CacheMark | null {
  if (!isObject(mark)) return null;
  return { ttlSeconds: LIFETIMES.get(mark.ttl) ?? 0 };
}

function readImage(part: JsonObject, at: At): ImagePart {
  const id = maybeText(part, "file_id", at);
  const url = maybeText(part, "image_url", at);
  if (id === null && url === null) throw malformed(at, "", "must have an image_url or a file_id");
  return {
    kind: "image",
    source: id === null ? sourceOfUrl(url!) : { kind: "file", id, family: "openai" },
    detail: maybeText(part, "detail", at),
    cache: markOf(part),
  };
}

function sourceOfUrl(url: string): Source {
  const data = readDataUrl(url);
  return data === null ? { kind: "url", url, mediaType: null } : { kind: "base64", ...data };
}

function readFile(part: JsonObject, at: At): DocumentPart {
  const name = maybeText(part, "filename", at);
  return { kind: "document", source: readFileSource(part, name, at), name, cache: markOf(part) };
}

function readFileSource(part: JsonObject, name: string | null, at: At): Source {
  const id = maybeText(part, "file_id", at);
  if (id !== null) return { kind: "file", id, family: "openai" };
  const data = maybeText(part, "file_data", at);
  if (data !== null) {
    return { kind: "base64", ...(readDataUrl(data) ?? { mediaType: mediaTypeOf(name), data }) };
  }
  const url = maybeText(part, "file_url", at);
  if (url === null) throw malformed(at, "", "must have file_data, a file_url or a file_id");
  return { kind: "url", url, mediaType: null };
}

/** Of data that does not say it. */
function mediaTypeOf(name: string | null): string {
  if (name === null) return "application/octet-stream";
  if (/\.pdf$/i.test(name)) return "application/pdf";
  return /\.(?:txt|md|csv|json|xml|html?)$/i.test(name) ? "text/plain" : "application/octet-stream";
}

function readAudio({ input_audio: audio }: JsonObject, at: At): AudioPart {
  if (!isObject(audio)) throw malformed(at, ".input_audio", "must be an object");
  const { data, format } = audio;
  if (typeof data !== "string") throw malformed(at, ".input_audio.data", "must be a text");
  if (typeof format !== "string") throw malformed(at, ".input_audio.format", "must be a text");
  const mediaType = format === "mp3" ? "audio/mpeg" : `audio/${format}`;
  return { kind: "audio", source: { kind: "base64", mediaType, data }, cache: null };
}
