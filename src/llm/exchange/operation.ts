// The operation a request asks for, by method and path: chat in one of the formats, or another operation of an API.
import type { RequestContext } from "../../core/context.ts";
import { getField } from "../../wire/fields.ts";
import type { FormatName, Framing } from "../format.ts";
import { geminiPlace } from "../gemini/read-path.ts";
import type { Operation } from "../providers/kinds.ts";

/** An API as clients know it. */
export type Api = "openai" | "anthropic" | "gemini";

/** An operation other than chat. */
export interface OperationPath {
  readonly api: Api;
  readonly operation: Operation;
  /** Method of the model in place of the usual one (Gemini); null: that. */
  readonly verb: string | null;
}

/** What a request asks for. */
export type Asked =
  | {
      readonly kind: "chat" | "countTokens";
      readonly format: FormatName;
      readonly model: string | null;
      readonly stream: boolean | null;
      /** Of a stream; absent: events. */
      readonly framing?: Framing;
    }
  /** A body of JSON that names a model, and an answer that is not streamed as events of chat. */
  | ({ readonly kind: "model"; readonly model: string | null } & OperationPath)
  /** @param model null: the list of all */
  | { readonly kind: "models"; readonly model: string | null }
  /** Passed to a provider of the API as it is. @param rest path behind that of the operation, such as `/file-1/content` */
  | { readonly kind: "passed"; readonly operation: Operation; readonly rest: string }
  /** A WebSocket, which is answered 426 so that clients fall back at once. */
  | { readonly kind: "upgrade" }
  /** Agents look whether anything is here. */
  | { readonly kind: "home" };

/** Exact paths that take POST. */
const POSTS: ReadonlyMap<string, Asked> = new Map<string, Asked>([
  ["/v1/chat/completions", { kind: "chat", format: "openai-chat", model: null, stream: null }],
  ["/v1/responses", { kind: "chat", format: "openai-responses", model: null, stream: null }],
  ["/v1/messages", { kind: "chat", format: "anthropic-messages", model: null, stream: null }],
  ["/v1/messages/count_tokens", { kind: "countTokens", format: "anthropic-messages", model: null, stream: false }],
  ["/v1/responses/input_tokens", { kind: "countTokens", format: "openai-responses", model: null, stream: false }],
  ["/v1/completions", { kind: "model", api: "openai", operation: "completions", verb: null, model: null }],
  ["/v1/embeddings", { kind: "model", api: "openai", operation: "embeddings", verb: null, model: null }],
  ["/v1/moderations", { kind: "model", api: "openai", operation: "moderations", verb: null, model: null }],
]);

/** First segments behind `/v1/` → what is passed on. */
const PASSED: Readonly<Record<string, Operation>> = {
  audio: "audio",
  images: "images",
  videos: "videos",
  files: "files",
  uploads: "uploads",
  batch: "batches",
  batches: "batches",
  fine_tuning: "fineTuning",
  responses: "responses",
  conversations: "conversations",
  containers: "containers",
  vector_stores: "vectorStores",
  skills: "skills",
};

/** The same behind `/v1beta/`. */
const PASSED_GEMINI: Readonly<Record<string, Operation>> = {
  files: "files",
  batches: "batches",
  cachedContents: "cachedContents",
  interactions: "interactions",
};

/** The path of a request as the API has it. @param strip prefix that the route removes; "" none */
export function apiPath(path: string, strip: string): string {
  return strip !== "" && path.startsWith(strip) ? path.slice(strip.length) || "/" : path;
}

/** Paths that OpenAI and Anthropic both have. */
const SHARED = /^\/v1\/(?:models|files|skills)(?:\/|$)/;

/** The API a path belongs to; where several have it, fields tell. */
export function apiOf(path: string, fields: readonly string[]): Api {
  if (path.startsWith("/v1beta/") || path.startsWith("/upload/v1beta/")) return "gemini";
  if (path === "/v1/messages" || path.startsWith("/v1/messages/")) return "anthropic";
  return SHARED.test(path) && getField(fields, "anthropic-version") !== undefined ? "anthropic" : "openai";
}

/** The form of errors, and of chat, on a path. */
export function formatOf(path: string, fields: readonly string[]): FormatName {
  if (path === "/v1/responses" || path.startsWith("/v1/responses/")) return "openai-responses";
  const api = apiOf(path, fields);
  return api === "gemini" ? "gemini" : api === "anthropic" ? "anthropic-messages" : "openai-chat";
}

/** What a request asks for; null: nothing that any API has. @param path without the prefix that the route removes */
export function askedFor({ method, upgrade, query }: RequestContext, path: string): Asked | null {
  if (upgrade) return { kind: "upgrade" };
  if (method === "POST") {
    const exact = POSTS.get(path);
    if (exact !== undefined) return exact;
  }
  if (path === "/" || path === "/v1" || path === "/v1/") return method === "POST" ? null : { kind: "home" };
  if (path.startsWith("/v1/")) return askedOfV1(method, path.slice(4));
  if (path.startsWith("/v1beta/")) return askedOfGemini(method, path, query);
  if (path.startsWith("/upload/v1beta/files")) {
    return { kind: "passed", operation: "uploads", rest: path.slice("/upload/v1beta/files".length) };
  }
  return null;
}

function askedOfV1(method: string, path: string): Asked | null {
  const [first, rest] = split(path);
  if (first === "models") return isRead(method) ? { kind: "models", model: nameIn(rest) } : null;
  if (first === "messages") {
    return rest.startsWith("/batches")
      ? { kind: "passed", operation: "batches", rest: rest.slice("/batches".length) }
      : null;
  }
  if (path.startsWith("chat/completions")) {
    return { kind: "passed", operation: "storedChats", rest: path.slice("chat/completions".length) };
  }
  const operation = Object.hasOwn(PASSED, first) ? PASSED[first]! : null;
  return operation === null ? null : { kind: "passed", operation, rest };
}

/** `models/{model}:{verb}` and the collections of Gemini. */
function askedOfGemini(method: string, path: string, query: string): Asked | null {
  const [first, rest] = split(path.slice("/v1beta/".length));
  if (first === "models" || first === "tunedModels") return askedOfModel(method, path, rest, query);
  const operation = Object.hasOwn(PASSED_GEMINI, first) ? PASSED_GEMINI[first]! : null;
  return operation === null ? null : { kind: "passed", operation, rest };
}

function askedOfModel(method: string, path: string, rest: string, query: string): Asked | null {
  if (rest.includes("/operations/")) return { kind: "passed", operation: "longRunning", rest };
  if (isRead(method)) return rest.includes(":") ? null : { kind: "models", model: nameIn(rest) };
  const place = method === "POST" ? geminiPlace(path, query) : null;
  if (place === null) return null;
  const { model } = place;
  switch (place.method) {
    case "generateContent":
    case "streamGenerateContent":
      return { kind: "chat", format: "gemini", ...place };
    case "countTokens":
      return { kind: "countTokens", format: "gemini", model, stream: false };
    default:
      return { kind: "model", api: "gemini", operation: "embeddings", verb: place.method, model };
  }
}

function isRead(method: string): boolean {
  return method === "GET" || method === "HEAD";
}

/** The first segment, and what follows it with its slash. */
function split(path: string): [first: string, rest: string] {
  const slash = path.indexOf("/");
  return slash === -1 ? [path, ""] : [path.slice(0, slash), path.slice(slash)];
}

/** The name behind a slash, decoded: names of models have slashes of their own, plain or as `%2F`. */
function nameIn(rest: string): string | null {
  if (rest.length < 2) return null;
  try {
    return decodeURIComponent(rest.slice(1));
  } catch {
    return rest.slice(1);
  }
}
