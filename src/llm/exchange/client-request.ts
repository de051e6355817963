// Reads of a request what decides about it.
import { readJson } from "../bytes/read-json.ts";
import type { FormatName, Framing, WireFormat } from "../format.ts";
import { isObject, type JsonObject, textOr } from "../json/values.ts";
import { invalid } from "../message/fault.ts";
import type { ClientRequest } from "./call.ts";
import { completionsFormat } from "./completions.ts";
import type { Api, Asked, OperationPath } from "./operation.ts";
import type { Formats } from "./setup.ts";

/** What names a model in its body or path. */
export type ModelAsked = Extract<Asked, { readonly kind: "chat" | "countTokens" | "model" }>;

/** Reads a request. @param bytes of its body, decoded @throws LlmError `invalid` */
export function requestOf(formats: Formats, asked: ModelAsked, bytes: Buffer): ClientRequest {
  const { object: json, span, long } = readJson(bytes);
  const { model: placed } = asked;
  const model = placed ?? textOr(json.model);
  if (model === null || model === "") throw invalid("model", "must be a text");
  const path = pathOf(asked);
  const name = asked.kind === "model" ? CHAT_FORMATS[asked.api] : asked.format;
  const streams = asked.kind === "model" ? null : asked.stream;
  if (streams === null && !isSwitch(json.stream)) throw invalid("stream", "must be true or false");
  const framing = asked.kind === "chat" ? asked.framing : undefined;
  return {
    format: formatOf(formats, name, path, framing),
    path,
    place: { model: placed, stream: streams, ...(framing !== undefined && { framing }) },
    bytes,
    json,
    members: span,
    long,
    model,
    stream: streams ?? json.stream === true,
    streamUsage: name !== "openai-chat" || wantsUsage(json),
  };
}

function formatOf(formats: Formats, name: FormatName, path: OperationPath | null, framing?: Framing): WireFormat {
  if (path?.operation === "completions") return completionsFormat(formats);
  const format = formats[name];
  return framing === "array" ? (format.array ?? format) : format;
}

/** Where the request goes at a provider of the same API; null: where chat goes. */
function pathOf(asked: ModelAsked): OperationPath | null {
  if (asked.kind === "chat") return null;
  if (asked.kind === "model") return asked;
  return { api: API_OF[asked.format], operation: "countTokens", verb: null };
}

const CHAT_FORMATS = { openai: "openai-chat", anthropic: "anthropic-messages", gemini: "gemini" } as const;
const API_OF = {
  "openai-chat": "openai",
  "openai-responses": "openai",
  "anthropic-messages": "anthropic",
  gemini: "gemini",
} as const satisfies Record<FormatName, Api>;

function isSwitch(value: unknown): boolean {
  return value === undefined || value === null || typeof value === "boolean";
}

function wantsUsage({ stream_options: options }: JsonObject): boolean {
  return isObject(options) && options.include_usage === true;
}
