// A rule's `fallback` → what the route answers with when its service cannot.
import type { FallbackConfig, RuleConfig } from "../../config/config.ts";
import type { Reply } from "../../core/reply.ts";
import type { Fallback } from "../../core/route.ts";
import { getField } from "../../wire/fields.ts";
import type { ServiceBuilder } from "../services/service-builder.ts";

/** Compiles it; null when the rule has none. The other service keeps policies of its own, and none of the rule's. */
export function fallbackOf(rule: RuleConfig, services: ServiceBuilder): Fallback | null {
  const { fallback } = rule;
  if (fallback === null) return null;
  const { serviceName } = fallback;
  const grpc = rule.protocol === "grpc";
  return {
    codes: new Set(fallback.on),
    service: serviceName === null ? null : services.service(serviceName, rule.loadBalance, grpc, null),
    reply: serviceName === null ? replyOf(fallback) : null,
  };
}

function replyOf({ status, headers, body }: FallbackConfig): Reply {
  const fields = Object.entries(headers).flat();
  if (body !== "" && getField(fields, "content-type") === undefined) {
    fields.push("Content-Type", "text/plain; charset=utf-8");
  }
  return { status: status!, fields, body };
}
