// Counts requests that authentication has refused, and streams that it has ended.
import type { StreamEnd, StreamKind } from "../core/bound-stream.ts";
import type { ErrorCode } from "../core/errors.ts";
import type { AuthMethod } from "../core/identity.ts";
import { type Labels, type OwnMetric, own } from "./metric.ts";

/** Counts by labels that no client can make up. */
export class AuthMeter {
  readonly #refusals = new Map<string, { readonly labels: Labels; value: number }>();
  readonly #ends = new Map<string, { readonly labels: Labels; value: number }>();

  /** @param method "none" when no credential decided */
  refused(method: AuthMethod | "none", reason: ErrorCode): void {
    count(this.#refusals, { method, reason });
  }

  /** A stream was ended, because its credential had. */
  streamEnded(protocol: StreamKind, reason: StreamEnd): void {
    count(this.#ends, { protocol, reason });
  }

  /** What is scraped of it. */
  metrics(): OwnMetric[] {
    return [
      own("gateway_auth_failures_total", "Requests that authentication refused", "counter", () => [
        ...this.#refusals.values(),
      ]),
      own("gateway_auth_streams_ended_total", "Streams ended because their credential had", "counter", () => [
        ...this.#ends.values(),
      ]),
    ];
  }
}

function count(cells: Map<string, { readonly labels: Labels; value: number }>, labels: Labels): void {
  const key = Object.values(labels).join(" ");
  const cell = cells.get(key);
  if (cell === undefined) cells.set(key, { labels, value: 1 });
  else cell.value++;
}
