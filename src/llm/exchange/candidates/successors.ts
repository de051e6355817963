// Which candidates may follow after each kind of fault, as a table.
import type { ErrorCode } from "../../../core/errors.ts";
import { type Fault, type FaultKind, faultOf } from "../../message/fault.ts";
import type { ProviderKind } from "../../providers/kinds.ts";
import type { FallbackSettings } from "../../settings.ts";

/** Who takes over. */
export type Successor =
  /** The fault is the answer. */
  | "nobody"
  /** Another key of the same provider, then another candidate. */
  | "key"
  /** Another candidate. */
  | "model"
  /** A candidate that reads longer prompts. */
  | "window"
  /** A candidate of another author, once. */
  | "author";

/** A row. @param always holds whatever `fallback.onStatus` says: the fault is one of a key, model or prompt, not of a moment */
interface Row {
  readonly to: Successor;
  readonly always: boolean;
  /** For `x-llm-fallback-reason`. */
  readonly reason: string;
}

const ROWS: Readonly<Record<FaultKind, Row>> = {
  invalid: { to: "nobody", always: true, reason: "error" },
  unsupportedMedia: { to: "nobody", always: true, reason: "error" },
  contextOverflow: { to: "window", always: true, reason: "context_overflow" },
  tooLarge: { to: "window", always: true, reason: "context_overflow" },
  contentPolicy: { to: "author", always: true, reason: "content_policy" },
  authentication: { to: "key", always: true, reason: "key_invalid" },
  billing: { to: "key", always: true, reason: "key_invalid" },
  permission: { to: "key", always: true, reason: "key_invalid" },
  notFound: { to: "model", always: true, reason: "error" },
  rateLimit: { to: "key", always: false, reason: "rate_limit" },
  quota: { to: "key", always: false, reason: "rate_limit" },
  server: { to: "model", always: false, reason: "server_error" },
  badGateway: { to: "model", always: true, reason: "server_error" },
  unavailable: { to: "model", always: false, reason: "server_error" },
  timeout: { to: "model", always: false, reason: "timeout" },
  overloaded: { to: "model", always: false, reason: "server_error" },
};

/** Who takes over after a fault of a provider. */
export function successorOf({ kind, status }: Fault, fallback: FallbackSettings): Successor {
  if (kind === "contentPolicy" && fallback.contentPolicy === "return") return "nobody";
  const { to, always } = ROWS[kind];
  if (to === "window" && fallback.contextOverflow === "return") return "nobody";
  return always || fallback.onStatus.has(status) ? to : "nobody";
}

/** Why another was asked, for `x-llm-fallback-reason`. @param fault null: of the connection, as `code` says */
export function fallbackReason(kind: ProviderKind, fault: Fault | null, code: ErrorCode | null): string {
  if (fault !== null) return kind === "anthropic" && fault.status === 429 ? "anthropic_429" : ROWS[fault.kind].reason;
  return code === "upstream_timeout" ? "timeout" : "network";
}

/** Faults by which nobody could be asked: the first of these kinds is the most useful one to a client. */
const TELLING: readonly FaultKind[] = [
  "rateLimit",
  "unavailable",
  "invalid",
  "contextOverflow",
  "permission",
  "authentication",
];

/** The fault of a request that nobody can be asked for. */
export function endOf(excluded: readonly { readonly fault: Fault }[]): Fault {
  for (const kind of TELLING) {
    const found = excluded.filter(({ fault }) => fault.kind === kind).map(({ fault }) => fault);
    if (found.length === 0) continue;
    // The one that is over first.
    return found.reduce((a, b) => (b.retryAfterMs >= 0 && b.retryAfterMs < a.retryAfterMs ? b : a));
  }
  return faultOf("unavailable", "No model can answer the request at the moment.");
}
