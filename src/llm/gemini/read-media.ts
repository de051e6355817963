// Reads `inlineData` and `fileData` of a part.
import { type JsonObject, textOr } from "../json/values.ts";
import type { Losses } from "../message/losses.ts";
import type { AudioPart, DocumentPart, ImagePart, Source } from "../message/request.ts";
import { camelFields } from "./camel-case.ts";

/** Objects at Google: uploaded files, and those of Cloud Storage. */
const OWN = /^(?:https:\/\/generativelanguage\.googleapis\.com\/|gs:\/\/|files\/)/;

/** A part that is no text. */
export type MediaPart = ImagePart | AudioPart | DocumentPart;

/** @returns null: it is not `{ mimeType, data }` */
export function readInlineData(written: JsonObject, losses: Losses): MediaPart | null {
  const blob = camelFields(written);
  const mediaType = textOr(blob.mimeType);
  const data = textOr(blob.data);
  if (mediaType === null || mediaType === "" || data === null) return null;
  return mediaPart({ kind: "base64", mediaType, data }, mediaType, textOr(blob.displayName), losses);
}

/** @returns null: it is not `{ fileUri, mimeType? }` */
export function readFileData(written: JsonObject, losses: Losses): MediaPart | null {
  const file = camelFields(written);
  const uri = textOr(file.fileUri);
  if (uri === null || uri === "") return null;
  const mediaType = textOr(file.mimeType);
  if (mediaType === null || mediaType === "") losses.native("fileData without mimeType");
  const source: Source = OWN.test(uri)
    ? { kind: "file", id: uri, family: "gemini" }
    : { kind: "url", url: uri, mediaType };
  return mediaPart(source, mediaType ?? "", textOr(file.displayName), losses);
}

function mediaPart(source: Source, mediaType: string, name: string | null, losses: Losses): MediaPart {
  const [type = ""] = mediaType.toLowerCase().split("/");
  if (type === "image") return { kind: "image", source, detail: null, cache: null };
  if (type === "audio") return { kind: "audio", source, cache: null };
  if (type === "video") losses.native("video");
  return { kind: "document", source, name, cache: null };
}
