// Fields of replies: those of the provider that mean something to the client, and what the gateway says about the call.
import { getField, isField } from "../../../wire/fields.ts";
import type { Credential } from "../../credentials/credential.ts";
import { printable } from "../../message/printable.ts";
import type { LlmSettings } from "../../settings.ts";
import type { Call } from "../call.ts";
import type { Provider } from "../candidates/provider.ts";

/** Content type of streams, unless the client's format has another. */
export const EVENT_STREAM = "text/event-stream; charset=utf-8";

/** Of a provider's answer, in lower case: they belong to its connection, its body as it was, or a browser it never sees. */
const KEPT_BACK: ReadonlySet<string> = new Set([
  "alt-svc",
  "content-length",
  "nel",
  "report-to",
  "server",
  "set-cookie",
  "strict-transport-security",
  "transfer-encoding",
]);

/** Fields under which providers name an answer. */
const ID_FIELDS = ["x-request-id", "request-id", "x-goog-request-id"] as const;

/** The fields of an answer that goes to a client of the same format. @param sent credential, which is not told to clients */
export function passedFields(fields: readonly string[], sent: Credential): string[] {
  const kept: string[] = [];
  for (let i = 0; i < fields.length; i += 2) {
    const value = fields[i + 1]!;
    if (!KEPT_BACK.has(fields[i]!.toLowerCase()) && !sent.isIn(value)) kept.push(fields[i]!, value);
  }
  return kept;
}

/** Fields without those that begin with `x-llm-`, which only the gateway may set, and with what it says about the call. */
export function addCallFields(fields: string[], call: Call): void {
  dropCallFields(fields);
  if (!call.setup.settings.responseHeaders) return;
  if (call.model !== "") fields.push("x-llm-model", printable(call.model), "x-llm-provider", call.provider);
  fields.push("x-llm-attempts", String(call.ctx.attempts));
  if (call.billed !== "") fields.push("x-llm-billed", call.billed);
  if (call.fallbackReason !== "") fields.push("x-llm-fallback-reason", call.fallbackReason);
  if (call.warnings.length > 0) fields.push("x-llm-warnings", printable(call.warnings.join(", ")).slice(0, 1000));
}

/** What the gateway says about an operation that it has passed on. */
export function addPipedFields(fields: string[], { settings }: Provider, { responseHeaders }: LlmSettings): void {
  dropCallFields(fields);
  if (responseHeaders) fields.push("x-llm-provider", settings.id);
}

/** Only the gateway sets these. */
function dropCallFields(fields: string[]): void {
  for (let i = fields.length - 2; i >= 0; i -= 2) {
    if (isField(fields[i]!.slice(0, 6), "x-llm-")) fields.splice(i, 2);
  }
}

/** The id a provider gave its answer; "" none. */
export function upstreamId(fields: readonly string[]): string {
  for (const name of ID_FIELDS) {
    const id = getField(fields, name);
    if (id !== undefined) return id.slice(0, 128);
  }
  return "";
}
