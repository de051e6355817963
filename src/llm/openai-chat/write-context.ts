// What the writers of one request share.
import type { JsonObject } from "../json/values.ts";
import type { CacheMark, ChatRequest } from "../message/request.ts";
import type { ModelTarget } from "../models/model.ts";
import { WriteContext } from "../openai/write-context.ts";
import { CALL_IDS } from "../tools/ids.ts";

/** Adds what only endpoints of Chat Completions differ in. */
export class ChatContext extends WriteContext {
  /** Whether the endpoint is OpenRouter's, which forwards marks of caches and thoughts to other APIs. */
  readonly openRouter: boolean;

  constructor(request: ChatRequest, to: ModelTarget) {
    super(request, to, CALL_IDS[to.dialect.callIds]);
    this.openRouter = to.dialect.reasoning === "openrouter";
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
