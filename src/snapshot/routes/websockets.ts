// `frontend.websocket`, `backend.websocket` and a rule's own keys → the WebSocket settings of a route.
import type { Config, RuleConfig } from "../../config/config.ts";
import { backendOf, type ServiceBackend } from "../../config/meaning/backends.ts";
import { type Filter, inPhaseOrder } from "../../core/filter.ts";
import type { WebSocketRule } from "../../core/route.ts";
import { connectionLimit, leaseCounter } from "../../limits/connections.ts";
import { onlyBelow, sameOrigin } from "../../websocket/origin.ts";
import { type WebSocketSettings, websocketRule } from "../../websocket/rule.ts";
import type { Build } from "../runtime.ts";

/** Makes the rules of one configuration; routes with equal settings and filters share one. */
export class WebSocketRules {
  readonly #build: Build;
  readonly #own: readonly Filter[];
  readonly #made = new Map<string, WebSocketRule>();
  readonly #filterIds = new Map<readonly Filter[], number>();

  constructor(build: Build) {
    this.#build = build;
    this.#own = ownFilters(build);
  }

  /** The rule of a route, or null when handshakes find no route there. @param filters those of every request */
  ruleFor(rule: RuleConfig, filters: readonly Filter[]): WebSocketRule | null {
    const { config } = this.#build;
    const backend = backendOf(config, rule.serviceName);
    const off = config.frontend.websocket.enabled === false || !backend.websocket.enabled;
    if (off || rule.protocol === "grpc" || rule.protocol === "sse") return null;
    let id = this.#filterIds.get(filters);
    if (id === undefined) this.#filterIds.set(filters, (id = this.#filterIds.size));
    const settings = settingsOf(config, backend, rule);
    const key = `${id}|${JSON.stringify(settings)}`;
    let made = this.#made.get(key);
    if (made === undefined) {
      made = websocketRule(settings, inPhaseOrder([...filters, ...this.#own]), this.#build.runtime.streams);
      this.#made.set(key, made);
    }
    return made;
  }
}

function ownFilters({ config, leases }: Build): readonly Filter[] {
  const { path, checkOrigin, allowedOrigins, maxConnections } = config.frontend.websocket;
  const filters: Filter[] = [];
  if (path !== "") filters.push(onlyBelow(path));
  if (checkOrigin) filters.push(sameOrigin(allowedOrigins));
  if (maxConnections > 0) {
    filters.push(connectionLimit(leaseCounter(leases, "websocket-connections"), maxConnections, () => true));
  }
  return filters;
}

function settingsOf(config: Config, { websocket: back }: ServiceBackend, rule: RuleConfig): WebSocketSettings {
  const front = config.frontend.websocket;
  const own = rule.websocket;
  const pingClientMs = front.pingPeriod ?? pingPeriodFor(front.pongWait);
  const silent = rule.timeoutWritten ? rule.timeoutMs : 0;
  return {
    handshakeMs: front.handshakeTimeout,
    backendTimes: { dialTimeoutMs: back.connectionTimeout, headTimeoutMs: back.handshakeTimeout },
    subprotocols: front.subprotocols,
    closeGraceMs: front.closeGracePeriod,
    backendGraceMs: back.closeTimeout,
    clientStallMs: front.writeDeadline,
    backendStallMs: back.writeTimeout,
    recheckMs: own.recheckMs,
    times: {
      pingClientMs,
      clientSilenceMs: front.pongWait,
      pingBackendMs: back.pingInterval,
      backendPongMs: back.pongTimeout,
      backendSilenceMs: back.readTimeout,
      idleMs: back.idleConnectionTimeout || silent,
    },
    relay:
      own.mode === "tunnel"
        ? null
        : {
            maxFromClient: own.maxClientMessageBytes,
            maxFromBackend: own.maxBackendMessageBytes,
            clientDeflate: front.enableCompression ? front.compressionLevel : 0,
            backendDeflate: back.enableCompression ? back.compressionLevel : 0,
            offer: back.enableCompression ? "permessage-deflate; client_max_window_bits" : "",
          },
  };
}

/** Nine tenths of the wait, but two ticks of the clock before its end: one to send the ping, one to see the pong. */
function pingPeriodFor(pongWaitMs: number): number {
  return pongWaitMs === 0 ? 0 : Math.max(1, Math.min(Math.floor(pongWaitMs * 0.9), pongWaitMs - 2000));
}
