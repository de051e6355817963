// What the path of a Gemini request says: the model, the method, and the framing of a stream.
import type { RequestPlace } from "../format.ts";

/** A method of a model. */
export interface GeminiPlace extends RequestPlace {
  readonly model: string;
  /** Such as `generateContent`, `streamGenerateContent`, `countTokens`. */
  readonly method: string;
}

/** Names of models may contain `/` and `:`. Tuned models keep their prefix. */
const PATH = /^\/v1(?:beta|alpha)?\/(?:models\/|(?=tunedModels\/))(.+):([a-zA-Z]+)$/;
const SSE = /[?&](?:\$|%24)?alt=sse(?:&|$)/i;

/**
 * @param path without its query
 * @param query with its `?`; "" none
 * @returns null: it is no method of a model
 */
export function geminiPlace(path: string, query: string): GeminiPlace | null {
  const [, written, method] = PATH.exec(path) ?? [];
  if (written === undefined || method === undefined) return null;
  const stream = method === "streamGenerateContent";
  return { model: decoded(written), method, stream, framing: stream && !SSE.test(query) ? "array" : "events" };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Path of a request, below the base URL. @param model as Google names it, with or without `models/` */
export function geminiPath(model: string, stream: boolean): string {
  const resource = /^(?:models|tunedModels)\//.test(model) ? model : `models/${model}`;
  const escaped = resource.split("/").map(encodeURIComponent).join("/");
  return `/v1beta/${escaped}:${stream ? "streamGenerateContent?alt=sse" : "generateContent"}`;
}
