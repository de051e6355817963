// Reads `inlineData` and `fileData` of a part.
import { type JsonObject, textOr } from "../json/values.ts";
import type { AudioPart, DocumentPart, ImagePart, Source } from "../message/request.ts";
import { camelFields } from "./camel-case.ts";
import type { Notes } from "./notes.ts";

/** Objects at Google: uploaded files, and those of Cloud Storage. */
const OWN = /^(?:https:\/\/generativelanguage\.googleapis\.com\/|gs:\/\/|files\/)/;

/** A part that is no text. */
export type MediaPart = ImagePart | AudioPart | DocumentPart;

/** @returns null: it is not `{ mimeType, data }` */
export function readInlineData(written: JsonObject, notes: Notes): MediaPart | null {
  const blob = camelFields(written);
  const mediaType = textOr(blob.mimeType);
  const data = textOr(blob.data);
  if (mediaType === null || mediaType === "" || data === null) return null;
  return mediaPart({ kind: "base64", mediaType, data }, mediaType, textOr(blob.displayName), notes);
}

/** @returns null: it is not `{ fileUri, mimeType? }` */
export function readFileData(written: JsonObject, notes: Notes): MediaPart | null {
  const file = camelFields(written);
  const uri = textOr(file.fileUri);
  if (uri === null || uri === "") return null;
  const mediaType = textOr(file.mimeType);
  if (mediaType === null || mediaType === "") notes.nativeOnly.add("fileData without mimeType");
  const source: Source = OWN.test(uri)
    ? { kind: "file", id: uri, family: "gemini" }
    : { kind: "url", url: uri, mediaType };
  return mediaPart(source, mediaType ?? "", textOr(file.displayName), notes);
}

function mediaPart(source: Source, mediaType: string, name: string | null, notes: Notes): MediaPart {
  const [type = ""] = mediaType.toLowerCase().split("/");
  if (type === "image") return { kind: "image", source, detail: null, cache: null };
  if (type === "audio") return { kind: "audio", source, cache: null };
  if (type === "video") notes.nativeOnly.add("video");
  return { kind: "document", source, name, cache: null };
}
