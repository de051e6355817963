// `frontend.websocket`, `backend.websocket` and the WebSocket settings of a rule.

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
    bool("absent: upgrades on the main port; true: also on `port`, if set; false: upgrades match no route"),
  ),
  host: host("address of the dedicated listener; empty = that of `frontend.http`", ""),
  port: optional(int("dedicated listener, for upgrades only", undefined, 0, 65535)),
  path: urlPath("upgrades only at or below this path; empty = anywhere", ""),
  readTimeout: dur("dedicated listener: timeout for the complete handshake request", 60_000),
  writeTimeout: dur("dedicated listener: timeout for writing a refusal", 60_000),
  handshakeTimeout: dur("timeout for answering the handshake request", 10_000),
  maxMessageSize: size(
    "maximum message from a client, reassembled; a larger one closes with 1009; 0 = no limit",
    1024 * 1024,
  ),
  maxConnections: int("maximum open connections, further handshakes are answered 503; 0 = no limit", 1024),
  checkOrigin: bool("refuse browsers of other origins", false),
  allowedOrigins: strings("origins that may connect besides the requested host, exact, or `*`"),
  enableCompression: bool("permessage-deflate between client and gateway", false),
  compressionLevel: int("zlib level", 1, 1, 9),
  subprotocols: strings("allowed subprotocols; empty = the client's offer is forwarded unchanged"),
  pingPeriod: optional(
    dur("interval of pings to the client; default 0.9 × pongWait, and at least two seconds before its end; 0 = none"),
  ),
  pongWait: dur("close after this time without data or a pong from the client; 0 = never", 60_000),
  writeDeadline: dur("close if one side does not read for this long; 0 = never", 30_000),
  closeGracePeriod: dur("maximum wait for the peer's close frame", 10_000),
  ...tokenValidation,
  ...ipLists,
  proxyProtocol,
  tls: listenerTls,
});

/** `backend.websocket`. */
export const backendWebsocket = object("WebSocket connections to services", {
  enabled: bool("false: handshakes match no route", true),
  connectionTimeout: dur("timeout for connecting", 10_000),
  handshakeTimeout: dur("timeout for the backend's answer to the handshake; 0 = only the frontend's limit", 10_000),
  maxMessageSize: size(
    "maximum message from a backend, reassembled; a larger one closes with 1009; 0 = no limit",
    1024 * 1024,
  ),
  readTimeout: dur("close after this time without data from the backend despite pings; 0 = never", 60_000),
  writeTimeout: dur("close if the backend does not read for this long; 0 = never", 60_000),
  idleConnectionTimeout: dur("close after this time without a message in either direction; 0 = never", 0),
  maxConnections: int("maximum open connections per instance, further ones go to another; 0 = no limit", 0),
  enableCompression: bool("permessage-deflate between gateway and backend", false),
  compressionLevel: int("zlib level", 1, 1, 9),
  pingInterval: dur("interval of pings to the backend; 0 = none", 30_000),
  pongTimeout: dur("maximum wait for data after a ping", 10_000),
  closeTimeout: dur("maximum wait for the backend's close frame", 5_000),
});

/** `rules[].websocket`. */
export const ruleWebsocket = object("WebSocket connections of this rule", {
  mode: optional(
    oneOf(
      "`tunnel`: bytes are forwarded unchanged; `messages`: every message is parsed. Default: messages if a message size or compression is configured, else tunnel",
      ["tunnel", "messages"],
    ),
  ),
  maxMessageSize: optional(size("instead of `frontend.websocket.maxMessageSize` and that of the backend")),
  ...ruleTokenValidation("frontend.websocket"),
});
