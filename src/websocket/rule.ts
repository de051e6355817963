// The compiled WebSocket settings of a route: the handshake to the backend, and the mode.
import type { StreamCounts } from "../core/context.ts";
import type { Filter } from "../core/filter.ts";
import type { WebSocketRule } from "../core/route.ts";
import type { BackendTimes } from "../core/route-settings.ts";
import type { OpenStreams } from "../core/streams.ts";
import { handshakeFault, subprotocols } from "./accept.ts";
import { agreeOnCompression, type Compression } from "./compression.ts";
import { Relay, type RelaySettings } from "./relay.ts";
import type { SessionSettings } from "./session.ts";
import { Tunnel } from "./tunnel.ts";
import { framing } from "./ws-parts.ts";

/** Settings of one route's WebSockets. */
export interface WebSocketSettings extends SessionSettings {
  readonly handshakeMs: number;
  readonly backendTimes: BackendTimes;
  /** Admitted subprotocols; empty = any. */
  readonly subprotocols: readonly string[];
  /** null: bytes pass untouched. */
  readonly relay: RelaySettings | null;
}

const NOTHING: ReadonlySet<string> = new Set();
const PROTOCOL = "sec-websocket-protocol";
const EXTENSIONS = "sec-websocket-extensions";

/** @param filters all request filters of handshakes, in phase order */
export function websocketRule(
  settings: WebSocketSettings,
  filters: readonly Filter[],
  streams: OpenStreams,
): WebSocketRule {
  const { relay } = settings;
  if (relay !== null) framing(); // now, and not while the first client waits
  const restricted = settings.subprotocols.length > 0;
  const replaced = new Set([...(restricted ? [PROTOCOL] : []), ...(relay === null ? [] : [EXTENSIONS])]);
  return {
    filters,
    handshakeMs: settings.handshakeMs,
    replaced: replaced.size === 0 ? NOTHING : replaced,
    offer(ctx) {
      const offered = restricted ? subprotocols(ctx).filter((p) => settings.subprotocols.includes(p)) : [];
      const fields = offered.length > 0 ? ["Sec-WebSocket-Protocol", offered.join(", ")] : [];
      if (relay !== null && relay.offer !== "") fields.push("Sec-WebSocket-Extensions", relay.offer);
      return fields;
    },
    times: settings.backendTimes,
    agree(ctx, fields) {
      const fault = handshakeFault(ctx, fields);
      if (fault !== null) return fault;
      let compression: Compression | null = null;
      try {
        if (relay !== null) compression = agreeOnCompression(ctx, fields, relay);
      } catch (error) {
        return (error as Error).message;
      }
      return (client, backend) => {
        const counts: StreamCounts = { kind: "websocket", received: 0, sent: 0, closeCode: 0 };
        ctx.stream = counts;
        const parts = { ctx, client, backend, counts, streams, settings };
        return relay === null || compression === null ? new Tunnel(parts) : new Relay(parts, relay, compression);
      };
    },
  };
}
