// What the writers of one request share.

import type { JsonObject } from "../json/values.ts";
import type { CacheMark, ChatRequest, Family } from "../message/request.ts";
import type { ModelTarget } from "../models/model.ts";
import { CALL_IDS, callId, type NameRule, TOOL_NAMES, ToolNames } from "../tools/ids.ts";

/** A request in the making. */
export class Writing {
  readonly to: ModelTarget;
  readonly names: ToolNames;
  /** What was left out or changed, by name of the field. */
  readonly warnings = new Set<string>();
  /** Whether the endpoint is OpenRouter's, which forwards marks of caches and thoughts to other APIs. */
  readonly openRouter: boolean;
  readonly #callIds: NameRule;

  constructor(request: ChatRequest, to: ModelTarget) {
    this.to = to;
    this.names = new ToolNames(request, TOOL_NAMES.openai, to.dialect.genuine);
    this.openRouter = to.dialect.reasoning === "openrouter";
    this.#callIds = CALL_IDS[to.dialect.callIds];
  }

  /** Whose proofs the model takes. */
  get family(): Family {
    return this.to.family ?? "openai";
  }

  /** The id of a call, as the endpoint takes it. */
  callId(id: string): string {
    return callId(id, this.#callIds);
  }

  /** Adds `cache_control` where the endpoint has it; elsewhere caches work without being told, but the wish is lost. */
  marked(part: JsonObject, cache: CacheMark | null): JsonObject {
    if (cache === null) return part;
    if (!this.openRouter) {
      this.warnings.add("cache_control");
      return part;
    }
    const mark = cache.ttlSeconds >= 3600 ? { type: "ephemeral", ttl: "1h" } : { type: "ephemeral" };
    return { ...part, cache_control: mark };
  }
}
