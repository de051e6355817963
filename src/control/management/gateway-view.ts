// What the management API sees of the running gateway, and what it may do to it.
import type { SetStatus } from "../../acme/keeper.ts";
import type { Config } from "../../config/config.ts";
import type { Ask } from "../../core/questions.ts";
import type { Dropped } from "../load-thread.ts";
import type { LoadReport, Outcome } from "../reconciler.ts";

/** Handed to every group of operations. */
export interface GatewayView {
  readonly version: string;
  /** ms since 1970. */
  readonly startedAt: number;
  /** ms since 1970. */
  now(): number;
  /** The configuration in effect. */
  config(): Config;
  lastLoad(): LoadReport;
  /** What was noticed about the configuration in effect, one line each. */
  warnings(): readonly string[];
  /** Fragments that are not in effect. */
  dropped(): readonly Dropped[];
  /** Certificates that the gateway orders. */
  certificates(): readonly SetStatus[];
  reload(reason: string): Promise<Outcome>;
  /** Asks the data planes, as if they were one. */
  readonly ask: Ask;
}

/** Seconds since the start. */
export function uptime(view: GatewayView): number {
  return Math.round(view.now() - view.startedAt) / 1000;
}

/** RFC 3339. @param ms since 1970 */
export function timestamp(ms: number): string {
  return new Date(ms).toISOString();
}
