// A rule's `fallback` with a status → the answer of the route if its service fails.
import type { FallbackConfig, RuleConfig } from "../../config/config.ts";
import type { Reply } from "../../core/reply.ts";
import type { Fallback } from "../../core/route.ts";
import { getField } from "../../wire/fields.ts";

/** The reply in place of the service; null when the rule has none. */
export function fallbackOf({ fallback }: RuleConfig): Fallback | null {
  if (fallback === null || fallback.serviceName !== null) return null;
  return { codes: new Set(fallback.on), reply: replyOf(fallback) };
}

function replyOf({ status, headers, body }: FallbackConfig): Reply {
  const fields = Object.entries(headers).flat();
  if (body !== "" && getField(fields, "content-type") === undefined) {
    fields.push("Content-Type", "text/plain; charset=utf-8");
  }
  return { status: status!, fields, body };
}
