// The strategy of rules whose requests go to language models.
import type { RequestContext } from "../../core/context.ts";
import type { Reply } from "../../core/reply.ts";
import type { Plan, Strategy } from "../../core/strategy.ts";
import { LlmError } from "../message/fault.ts";
import { isNative } from "./build-request.ts";
import { Call } from "./call.ts";
import { type ModelList, unknownModel } from "./candidates/model-list.ts";
import type { Candidate } from "./candidates/provider.ts";
import { Selection } from "./candidates/selection.ts";
import { type ModelAsked, requestOf } from "./client-request.ts";
import { estimatedCount } from "./count-tokens.ts";
import { ModelListing } from "./listing/model-listing.ts";
import type { LlmErrors } from "./llm-errors.ts";
import { LlmTarget } from "./llm-target.ts";
import { type Asked, apiOf, apiPath, askedFor } from "./operation.ts";
import { isRead, readNamed } from "./piped/piped-body.ts";
import { PipedRequest } from "./piped/piped-request.ts";
import { PipedTarget } from "./piped/piped-target.ts";
import { readBody } from "./read-body.ts";
import type { RuleSetup } from "./setup.ts";

/** Sends requests to models. */
export class LlmStrategy implements Strategy {
  readonly #setup: RuleSetup;
  readonly #errors: LlmErrors;
  readonly #models: ModelList;
  readonly #listing: ModelListing;

  constructor(setup: RuleSetup, errors: LlmErrors, models: ModelList) {
    this.#setup = setup;
    this.#errors = errors;
    this.#models = models;
    this.#listing = new ModelListing(setup, models);
  }

  plan(ctx: RequestContext): Plan | Promise<Plan> {
    const asked = askedFor(ctx, apiPath(ctx.path, this.#setup.strip));
    if (asked === null) return { code: "no_route" };
    switch (asked.kind) {
      case "home":
        return { status: 200, fields: ["Content-Type", "application/json"], body: "{}" };
      case "upgrade":
        return this.#refuseUpgrade(ctx);
      case "models":
        return this.#list(ctx, asked.model);
      case "passed":
        return this.#pass(ctx, asked);
      default:
        return this.#ask(ctx, asked);
    }
  }

  /** Agents fall back to events at once when a WebSocket is refused so. */
  #refuseUpgrade(ctx: RequestContext): Reply {
    const reply = this.#errors.write(ctx, "upgrade_required", NO_WEBSOCKET);
    return { ...reply, fields: [...reply.fields, "Connection", "close"] };
  }

  async #list(ctx: RequestContext, model: string | null): Promise<Plan> {
    try {
      return (await this.#listing.answer(ctx, model)) ?? this.#errors.answer(ctx, unknownModel(model ?? ""), null);
    } catch (error) {
      if (!(error instanceof LlmError)) throw error;
      return this.#errors.answer(ctx, error.fault, null);
    }
  }

  async #pass(ctx: RequestContext, { operation, rest }: Extract<Asked, { readonly kind: "passed" }>): Promise<Plan> {
    try {
      const api = apiOf(apiPath(ctx.path, this.#setup.strip), ctx.fields);
      const body = isRead(ctx, operation) ? await readNamed(ctx, operation) : null;
      if (body !== null && "code" in body) return body;
      const client = await this.#setup.credentials.detect(ctx);
      return new PipedTarget(new PipedRequest(ctx, this.#setup, client, { api, operation, rest, body }));
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
      const request = requestOf(this.#setup.formats, asked, bytes);
      call = new Call(ctx, this.#setup, request, await this.#setup.credentials.detect(ctx));
      ctx.modelCall = call;
      const selection = new Selection(call, able(call, this.#models.candidatesFor(ctx, call)));
      const first = selection.first();
      if (first !== null) return new LlmTarget(call, selection, first);
      return asked.kind === "countTokens" ? estimatedCount(call) : this.#errors.answer(ctx, call.fault!, call);
    } catch (error) {
      if (!(error instanceof LlmError)) throw error;
      return this.#errors.answer(ctx, error.fault, call);
    }
  }
}

/**
 * Those that can stand in for the first: only the same model embeds alike, and a prompt is not shown to others than those that
 * would answer it for the sake of being counted.
 */
function able(call: Call, ordered: readonly Candidate[]): readonly Candidate[] {
  switch (call.request.path?.operation) {
    case "embeddings":
      return ordered.filter(({ upstreamName }) => upstreamName === ordered[0]!.upstreamName);
    case "countTokens": {
      const other = ordered.findIndex((candidate) => !isNative(call, candidate));
      return other === -1 ? ordered : ordered.slice(0, other);
    }
    default:
      return ordered;
  }
}

const NO_WEBSOCKET = "WebSocket is not supported here; send the request with POST.";
