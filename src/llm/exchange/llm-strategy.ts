// The strategy of rules whose requests go to language models.
import type { RequestContext } from "../../core/context.ts";
import type { Reply } from "../../core/reply.ts";
import type { Plan, Strategy } from "../../core/strategy.ts";
import { readJson } from "../bytes/read-json.ts";
import type { FormatName, Framing, WireFormat } from "../format.ts";
import { isObject, type JsonObject, textOr } from "../json/values.ts";
import { invalid, LlmError } from "../message/fault.ts";
import { Call, type ClientRequest } from "./call.ts";
import { type ModelList, unknownModel } from "./candidates/model-list.ts";
import { Selection } from "./candidates/selection.ts";
import { completionsFormat } from "./completions.ts";
import { estimatedCount } from "./count-tokens.ts";
import type { LlmErrors } from "./llm-errors.ts";
import { LlmTarget } from "./llm-target.ts";
import { type Api, type Asked, apiOf, apiPath, askedFor, type OperationPath } from "./operation.ts";
import { PipedRequest } from "./piped/piped-request.ts";
import { PipedTarget } from "./piped/piped-target.ts";
import { readBody } from "./read-body.ts";
import type { Formats, RuleSetup } from "./setup.ts";

/** What names a model in its body or path. */
type ModelAsked = Extract<Asked, { readonly kind: "chat" | "countTokens" | "model" }>;

/** Sends requests to models. */
export class LlmStrategy implements Strategy {
  readonly #setup: RuleSetup;
  readonly #errors: LlmErrors;
  readonly #models: ModelList;

  constructor(setup: RuleSetup, errors: LlmErrors, models: ModelList) {
    this.#setup = setup;
    this.#errors = errors;
    this.#models = models;
  }

  plan(ctx: RequestContext): Plan | Promise<Plan> {
    const asked = askedFor(ctx, apiPath(ctx.path, this.#setup.strip));
    if (asked === null) return { code: "no_route" };
    switch (asked.kind) {
      case "home":
        return { status: 200, fields: ["Content-Type", "application/json"], body: "{}" };
      case "upgrade":
        return UPGRADE;
      case "models":
        return this.#models.answer(ctx, asked.model) ?? this.#errors.answer(ctx, unknownModel(asked.model ?? ""), null);
      case "passed":
        return this.#pass(ctx, asked);
      default:
        return this.#ask(ctx, asked);
    }
  }

  async #pass(ctx: RequestContext, { operation, rest }: Extract<Asked, { readonly kind: "passed" }>): Promise<Plan> {
    try {
      const api = apiOf(apiPath(ctx.path, this.#setup.strip), ctx.fields);
      const client = await this.#setup.credentials.detect(ctx);
      return new PipedTarget(new PipedRequest(ctx, this.#setup, client, { api, operation, rest }));
    } catch (error) {
      if (!(error instanceof LlmError)) throw error;
      return this.#errors.answer(ctx, error.fault, null);
    }
  }

  async #ask(ctx: RequestContext, asked: ModelAsked): Promise<Plan> {
    let call: Call | null = null;
    try {
      const bytes = await readBody(ctx, this.#setup.settings.maxBodyBytes);
      if ("code" in bytes) return bytes;
      const request = requestOf(this.#setup, asked, bytes);
      call = new Call(ctx, this.#setup, request, await this.#setup.credentials.detect(ctx));
      ctx.modelCall = call;
      const ordered = this.#models.candidatesFor(ctx, call);
      const selection = new Selection(call, ordered);
      const first = selection.first();
      if (first !== null) return new LlmTarget(call, selection, first);
      return asked.kind === "countTokens" ? estimatedCount(call) : this.#errors.answer(ctx, call.fault!, call);
    } catch (error) {
      if (!(error instanceof LlmError)) throw error;
      return this.#errors.answer(ctx, error.fault, call);
    }
  }
}

/** Agents fall back to events at once when a WebSocket is refused so. */
const UPGRADE: Reply = { status: 426, fields: ["Connection", "close"], body: "" };

/** Reads what decides about a request. @throws LlmError `invalid` */
function requestOf(setup: RuleSetup, asked: ModelAsked, bytes: Buffer): ClientRequest {
  const { object: json, span } = readJson(bytes);
  const { model: placed } = asked;
  const model = placed ?? textOr(json.model);
  if (model === null || model === "") throw invalid("model", "must be a text");
  const path = pathOf(asked);
  const name = asked.kind === "model" ? CHAT_FORMATS[asked.api] : asked.format;
  const streams = asked.kind === "model" ? null : asked.stream;
  if (streams === null && !isSwitch(json.stream)) throw invalid("stream", "must be true or false");
  const framing = asked.kind === "chat" ? asked.framing : undefined;
  return {
    format: formatOf(setup.formats, name, path, framing),
    path,
    place: { model: placed, stream: streams, ...(framing !== undefined && { framing }) },
    bytes,
    json,
    members: span,
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
