// Text, images, documents and search results in a client's request.

import type { JsonObject } from "../json/values.ts";
import type { Losses } from "../message/losses.ts";
import type { CacheMark, DocumentPart, ImagePart, Source, TextPart } from "../message/request.ts";
import { cacheMark, list, malformed, member, object, Place, text, textOrNull } from "./read-fields.ts";

/** What a block may show. */
export type Media = TextPart | ImagePart | DocumentPart;

/** What a block shows; null: it is of another type. @throws LlmError `invalid` */
export function readMedia(block: JsonObject, place: Place, losses: Losses): readonly Media[] | null {
  switch (block.type) {
    case "text":
      return [textPart(text(block, "text", place), cacheMark(block, place))];
    case "image":
      return [readImage(block, place)];
    case "document":
      return readDocument(block, place, losses);
    case "search_result":
      return [readSearchResult(block, place, losses)];
    default:
      return null;
  }
}

/** A text. */
export function textPart(value: string, cache: CacheMark | null): TextPart {
  return { kind: "text", text: value, cache };
}

function readImage(block: JsonObject, place: Place): ImagePart {
  const at = new Place(place, "source", -1);
  const source = mediaSource(object(block, "source", place), at, null);
  return { kind: "image", source, detail: null, cache: cacheMark(block, place) };
}

/** Documents of plain text become text, which every model reads. */
function readDocument(block: JsonObject, place: Place, losses: Losses): readonly Media[] {
  noteCitations(block, losses);
  const name = textOrNull(block, "title", place);
  const context = textOrNull(block, "context", place) ?? "";
  const cache = cacheMark(block, place);
  const source = object(block, "source", place);
  const at = new Place(place, "source", -1);
  if (source.type === "text" || source.type === "content") {
    const heading = [name ?? "", context].filter((line) => line !== "").join("\n");
    const content = source.type === "text" ? [textPart(text(source, "data", at), null)] : shownContent(source, at);
    return marked(heading === "" ? content : [textPart(`${heading}\n`, null), ...content], cache);
  }
  const document: Media = { kind: "document", source: mediaSource(source, at, "application/pdf"), name, cache };
  return context === "" ? [document] : [textPart(context, null), document];
}

function readSearchResult(block: JsonObject, place: Place, losses: Losses): TextPart {
  noteCitations(block, losses);
  const lines = [text(block, "title", place), text(block, "source", place)];
  for (const [index, value] of list(block, "content", place).entries()) {
    const at = new Place(place, "content", index);
    lines.push(text(member(value, at), "text", at));
  }
  return textPart(lines.join("\n"), cacheMark(block, place));
}

/** A client that asked for citations relies on them, and no other API has this form of them. */
function noteCitations({ citations }: JsonObject, losses: Losses): void {
  if (typeof citations === "object" && citations !== null && "enabled" in citations && citations.enabled === true) {
    losses.native("citations");
  }
}

function mediaSource(source: JsonObject, place: Place, mediaType: string | null): Source {
  switch (source.type) {
    case "base64":
      return { kind: "base64", mediaType: text(source, "media_type", place), data: text(source, "data", place) };
    case "url":
      return { kind: "url", url: text(source, "url", place), mediaType };
    case "file":
      return { kind: "file", id: text(source, "file_id", place), family: "anthropic" };
    default:
      throw malformed(place, "type", "is no known kind of source");
  }
}

function shownContent(source: JsonObject, place: Place): Media[] {
  if (typeof source.content === "string") return [textPart(source.content, null)];
  return list(source, "content", place, "a text or a list of blocks").map((value, index) => {
    const at = new Place(place, "content", index);
    const block = member(value, at);
    return block.type === "image" ? readImage(block, at) : textPart(text(block, "text", at), cacheMark(block, at));
  });
}

function marked(parts: readonly Media[], cache: CacheMark | null): readonly Media[] {
  return cache === null ? parts : parts.map((part, index) => (index === parts.length - 1 ? { ...part, cache } : part));
}
