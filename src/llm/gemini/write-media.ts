// Writes images, audio and documents of a request.
import { unsupported } from "../message/fault.ts";
import type { AudioPart, DocumentPart, ImagePart } from "../message/request.ts";
import type { ModelTarget } from "../models/model.ts";

/** `inlineData` or `fileData`. @throws LlmError of `unsupported` */
export function writeMedia(part: ImagePart | AudioPart | DocumentPart, { facts, dialect }: ModelTarget): object {
  if (part.kind === "image" && !facts.images) throw unsupported("An image");
  if (part.kind === "audio" && !facts.audio) throw unsupported("Audio");
  if (part.kind === "document" && !facts.documents) throw unsupported("A document");
  const { source } = part;
  if (source.kind === "base64") return { inlineData: { mimeType: source.mediaType, data: source.data } };
  if (source.kind === "file") {
    if (source.family !== "gemini") throw unsupported("A file uploaded to another provider");
    return { fileData: { fileUri: source.id } };
  }
  if (!dialect.remoteUrls) throw unsupported(`A remote URL of ${part.kind === "image" ? "an image" : "a file"}`);
  const type = source.mediaType === null ? {} : { mimeType: source.mediaType };
  return { fileData: { ...type, fileUri: source.url } };
}
