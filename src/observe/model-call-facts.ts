// What the access line says of a request to a language model.
import type { ModelCall } from "../core/model-call.ts";

/** Longest name a client asked for that is shown, characters. */
const MAX_NAME = 128;

/** Key and value of all that is known, in order. */
export function modelCallFacts(call: ModelCall): [string, string | number][] {
  const facts: [string, string | number][] = [
    ["requested", call.requested.slice(0, MAX_NAME)],
    ["format", call.format],
  ];
  if (call.model !== "") facts.push(["model", call.model], ["provider", call.provider], ["billed", call.billed]);
  if (call.firstContentMs >= 0) facts.push(["firstContentMs", Math.round(call.firstContentMs * 100) / 100]);
  if (call.fallbackReason !== "") facts.push(["fallback", call.fallbackReason]);
  if (call.upstreamIds.length > 0) facts.push(["upstreamIds", call.upstreamIds.join(" ")]);
  const { tokens } = call;
  if (tokens === null) return facts;
  for (const [kind, count] of Object.entries(tokens)) if (count > 0) facts.push([`${kind}Tokens`, count]);
  if (call.tokensEstimated) facts.push(["tokens", "estimated"]);
  return facts;
}
