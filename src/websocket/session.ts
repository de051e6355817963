// What open WebSockets of both modes have in common.

import { AUTHENTICATION_EXPIRED, type BoundStream } from "../core/bound-stream.ts";
import type { RequestContext, StreamCounts } from "../core/context.ts";
import type { UpgradedSocket, Upstream } from "../core/edges.ts";
import type { OpenStream, OpenStreams } from "../core/streams.ts";
import { Liveness, type LivenessHandler, type LivenessTimes } from "./liveness.ts";

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
  /** Time between two looks at the credential of its client, ms; 0: only its end counts; null: it may outlive that. */
  readonly recheckMs: number | null;
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

/** Close codes the gateway uses itself (RFC 6455 §7.4.1 and the IANA registry). */
export const GOING_AWAY = 1001;
export const INTERNAL_ERROR = 1011;
const NORMAL = 1000;
const SERVICE_RESTART = 1012;
/** Of the range for applications: there is none for it. */
const UNAUTHORIZED = 4401;
/** Reason of a close that the service left out: it is gone, in order or not, without a close frame. */
export const SERVICE_LOST = "service lost";

/** An open WebSocket, as the pipeline and the clock of open streams hold it. It ends when the client's socket is closed. */
export abstract class Session implements Upstream, OpenStream, BoundStream, LivenessHandler {
  protected readonly parts: SessionParts;
  protected readonly liveness: Liveness;
  /** When a client that was sent a close frame is disconnected, on the clock of the streams, ms; 0: none was sent. */
  protected closeBy = 0;
  /** The client was sent a close frame: what it still sends is no message any more. */
  protected closing = false;
  /** The credential has ended, and the client is about to be told. */
  #expired = false;

  constructor(parts: SessionParts) {
    this.parts = parts;
    this.liveness = new Liveness(parts.settings.times, this, parts.streams.now);
    parts.streams.add(this);
    parts.ctx.snapshot!.bind(parts.ctx, this.kind, parts.settings.recheckMs, this);
  }

  get kind(): "websocket" {
    return "websocket";
  }

  /** Ends it with a close frame to both sides. @param code RFC 6455 §7.4 */
  abstract close(code: number, reason: string): void;
  /** Ends it at once: the client is gone. */
  abstract abort(): void;
  abstract ping(side: "client" | "backend"): boolean;
  /** Whether a side has not read for longer than it may. */
  protected abstract stalled(now: number): boolean;

  resume(): void {} // each side pauses and resumes by itself

  leave(): void {
    this.close(SERVICE_RESTART, "service restart");
  }

  expired(why: string): boolean {
    if (this.#expired) {
      // A frame under way to the client, or an end that had begun before, keeps it connected no longer.
      this.disconnect();
      return true;
    }
    this.#expired = true;
    if (this.closeBy !== 0) return false;
    this.parts.ctx.error = "expired_credentials";
    this.parts.ctx.detail = why;
    this.close(UNAUTHORIZED, AUTHENTICATION_EXPIRED);
    return this.closing;
  }

  tick(now: number): void {
    if (this.closeBy !== 0 && now >= this.closeBy) return this.disconnect();
    if (this.stalled(now)) {
      this.parts.ctx.detail = "write stalled";
      return this.parts.client.destroy();
    }
    this.liveness.tick(now);
  }

  lapsed(side: "client" | "backend" | "idle"): void {
    this.parts.ctx.detail = side === "idle" ? "idle for too long" : `${side} is silent`;
    if (side === "client") this.parts.client.destroy();
    else if (side === "idle") this.close(NORMAL, "idle");
    else this.close(INTERNAL_ERROR, "service silent");
  }

  /** The time to answer a close frame is over. */
  protected disconnect(): void {
    this.parts.client.destroy();
  }

  /** The client has {@link SessionSettings.closeGraceMs} from now. */
  protected awaitClose(): void {
    this.closeBy = this.parts.streams.now + this.parts.settings.closeGraceMs;
  }

  /** Counts bytes that came from the client. */
  protected heardClient(bytes: number): void {
    this.liveness.clientAt = this.parts.streams.now;
    this.parts.ctx.bytesIn += bytes;
  }

  /** Counts bytes that came from the backend. */
  protected heardBackend(bytes: number): void {
    this.liveness.backendAt = this.parts.streams.now;
    this.parts.ctx.bytesOut += bytes;
  }
}
