// What the management API sees of the running gateway, and what it may do to it.
import type { LogLevel } from "../../core/log.ts";
import type { CompiledSnapshot } from "../../snapshot/compile.ts";
import type { Runtime } from "../../snapshot/runtime.ts";
import type { LoadReport, Outcome } from "../reconciler.ts";

/** Handed to every group of operations. */
export interface GatewayView {
  readonly runtime: Runtime;
  /** ms since 1970. */
  readonly startedAt: number;
  /** ms since 1970. */
  now(): number;
  snapshot(): CompiledSnapshot;
  lastLoad(): LoadReport;
  /** What was noticed about the configuration in effect, one line each. */
  warnings(): readonly string[];
  reload(reason: string): Promise<Outcome>;
  /** Requests under way, and all since the start. */
  requests(): { readonly active: number; readonly total: number };
  /** Client connections open on the listener of that name. */
  connections(listener: string): number;
  setLogLevel(level: LogLevel): void;
}

/** Seconds since the start. */
export function uptime(backstage: GatewayView): number {
  return Math.round(backstage.now() - backstage.startedAt) / 1000;
}

/** RFC 3339. @param ms since 1970 */
export function timestamp(ms: number): string {
  return new Date(ms).toISOString();
}
