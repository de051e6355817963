// `frontend.websocket`, `backend.websocket` and what a rule says about WebSockets.

import { object, optional } from "./fields.ts";
import { host, urlPath } from "./grammar-scalars.ts";
import { ipLists } from "./ip-list.ts";
import { listenerTls } from "./listener-tls.ts";
import { proxyProtocol } from "./proxy-protocol.ts";
import { bool, dur, int, oneOf, size, strings } from "./scalars.ts";
import { ruleTokenValidation, tokenValidation } from "./token-validation.ts";

/** `frontend.websocket`. */
export const frontendWebsocket = object("WebSocket connections of clients", {
  enabled: optional(
    bool("absent: upgrades on the main port; true: also on `port`, when set; false: upgrades find no route"),
  ),
  host: host("address of the dedicated listener; empty = that of `frontend.http`", ""),
  port: optional(int("dedicated listener, for upgrades only", undefined, 0, 65535)),
  path: urlPath("upgrades only at or below this path; empty = anywhere", ""),
  readTimeout: dur("dedicated listener: time for the complete handshake request", 60_000),
  writeTimeout: dur("dedicated listener: longest stall writing a refusal", 60_000),
  handshakeTimeout: dur("from the handshake request to its answer", 10_000),
  maxMessageSize: size("largest message of a client, reassembled; larger closes with 1009; 0 = no limit", 1024 * 1024),
  maxConnections: int("open at once, further handshakes are answered 503; 0 = no limit", 1024),
  checkOrigin: bool("refuse browsers of other origins", false),
  allowedOrigins: strings("origins that may connect besides the own host, exact, or `*`"),
  enableCompression: bool("permessage-deflate between client and gateway", false),
  compressionLevel: int("zlib level", 1, 1, 9),
  subprotocols: strings("admitted subprotocols; empty = the client's offer goes upstream unchanged"),
  pingPeriod: optional(
    dur("pings to the client; default 0.9 × pongWait, and at least two seconds before its end; 0 = none"),
  ),
  pongWait: dur("longest silence of a client, no data and no pong; 0 = none", 60_000),
  writeDeadline: dur("longest stall writing to one side; 0 = none", 30_000),
  closeGracePeriod: dur("wait for the peer's close frame", 10_000),
  ...tokenValidation,
  ...ipLists,
  proxyProtocol,
  tls: listenerTls,
});

/** `backend.websocket`. */
export const backendWebsocket = object("WebSocket connections to services", {
  enabled: bool("false: handshakes find no route", true),
  connectionTimeout: dur("time to connect", 10_000),
  handshakeTimeout: dur("from the handshake sent to its answer; 0 = only the frontend's limit", 10_000),
  maxMessageSize: size("largest message of a backend, reassembled; larger closes with 1009; 0 = no limit", 1024 * 1024),
  readTimeout: dur("longest silence of a backend in spite of pings; 0 = none", 60_000),
  writeTimeout: dur("longest stall writing to a backend; 0 = none", 60_000),
  idleConnectionTimeout: dur("longest time without a message in either direction; 0 = none", 0),
  maxConnections: int("open at once per instance, further ones go to another; 0 = no limit", 0),
  enableCompression: bool("permessage-deflate between gateway and backend", false),
  compressionLevel: int("zlib level", 1, 1, 9),
  pingInterval: dur("pings to the backend; 0 = none", 30_000),
  pongTimeout: dur("wait for anything after a ping", 10_000),
  closeTimeout: dur("wait for the backend's close frame", 5_000),
});

/** `rules[].websocket`. */
export const ruleWebsocket = object("WebSocket connections of this rule", {
  mode: optional(
    oneOf(
      "`tunnel`: bytes pass untouched; `messages`: every message is read. Default: messages where a message size or compression is configured, else tunnel",
      ["tunnel", "messages"],
    ),
  ),
  maxMessageSize: optional(size("instead of `frontend.websocket.maxMessageSize` and that of the backend")),
  ...ruleTokenValidation("frontend.websocket"),
});
