// Fields about the user and the account, which both request formats of OpenAI have.
import { type JsonObject, withoutNulls } from "../json/values.ts";
import type { ChatRequest } from "../message/request.ts";
import { CALL_IDS, callId } from "../tools/ids.ts";
import type { WriteContext } from "./write-context.ts";

/** Service tiers that both formats have. */
export const SERVICE_TIERS: ReadonlySet<string> = new Set(["auto", "default", "flex", "scale", "priority", "fast"]);

/**
 * User, cache key and service tier. Metadata belong to stored answers, and none is stored.
 * @param tiers of the format
 */
export function accountFields(
  request: ChatRequest,
  { to, warnings }: WriteContext,
  tiers: ReadonlySet<string>,
): JsonObject {
  const { user, cacheKey, serviceTier, metadata } = request;
  const { genuine } = to.dialect;
  const tier = serviceTier === "standard_only" ? "default" : serviceTier;
  const tierTaken = genuine && tier !== null && tiers.has(tier);
  if (tier !== null && !tierTaken) warnings.add("service_tier");
  if (cacheKey !== null && !genuine) warnings.add("prompt_cache_key");
  if (metadata !== null) warnings.add("metadata");
  return withoutNulls({
    // Both are bounded to 64 characters; what is longer is still the same for the same user.
    [genuine ? "safety_identifier" : "user"]: bounded(user),
    prompt_cache_key: genuine ? bounded(cacheKey) : null,
    service_tier: tierTaken ? tier : null,
  });
}

function bounded(value: string | null): string | null {
  return value === null || value.length <= 64 ? value : callId(value, CALL_IDS.openai);
}
