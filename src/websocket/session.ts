// What every open WebSocket has in common, whether its bytes pass untouched or message by message.
import type { RequestContext, StreamCounts } from "../core/context.ts";
import type { UpgradedSocket, Upstream } from "../core/edges.ts";
import type { OpenStreams } from "../core/streams.ts";
import type { LivenessTimes } from "./liveness.ts";

/** Settings of the connections of one route. */
export interface SessionSettings {
  readonly times: LivenessTimes;
  /** Wait for the client's close frame, ms. */
  readonly closeGraceMs: number;
  /** Wait for the backend's, ms. */
  readonly backendGraceMs: number;
  /** Longest stall writing to the client, ms; 0 none. */
  readonly clientStallMs: number;
  /** Longest stall writing to the backend, ms; 0 none. */
  readonly backendStallMs: number;
}

/** Both ends of one connection and what is counted of it. */
export interface SessionParts {
  readonly ctx: RequestContext;
  readonly client: UpgradedSocket;
  readonly backend: UpgradedSocket;
  readonly counts: StreamCounts;
  readonly streams: OpenStreams;
  readonly settings: SessionSettings;
}

/** An open WebSocket, as the pipeline holds it. */
export interface Session extends Upstream {
  /** Ends it with a close frame to both sides. @param code RFC 6455 §7.4 */
  close(code: number, reason: string): void;
}

/** Close codes the gateway uses itself (RFC 6455 §7.4.1 and the IANA registry). */
export const NORMAL = 1000;
export const GOING_AWAY = 1001;
export const INTERNAL_ERROR = 1011;
export const SERVICE_RESTART = 1012;
/** Reason of a close that the service left out: it is gone, in order or not, without a close frame. */
export const SERVICE_LOST = "service lost";
