// `frontend.listeners`: further ports and UNIX sockets for clients.
import type { Infer } from "./field.ts";
import { listOf, object, optional } from "./fields.ts";
import { host } from "./grammar-scalars.ts";
import { ipLists } from "./ip-list.ts";
import { listenerTls } from "./listener-tls.ts";
import { proxyProtocol } from "./proxy-protocol.ts";
import { redirectToHttps } from "./redirect.ts";
import { bool, dur, int, str } from "./scalars.ts";

const INHERITED = "default that of `frontend.http`";

const listener = object("One listener", {
  name: str("its name in `rules[].listeners`, logs and metrics"),
  host: host("address to bind; empty = that of `frontend.http`", ""),
  port: optional(int("port to bind, required unless `socket` is set; 0 = any free port", undefined, 0, 65535)),
  socket: str("path of a UNIX socket to bind instead of a port", ""),
  socketMode: str("permissions of the UNIX socket, octal; they determine who can connect", "0660"),
  protocols: object("Protocols of this listener", {
    http1: bool(
      "HTTP/1.1 requests, including event streams; if false and `websocket` is true, requests other than handshakes are answered 426",
      true,
    ),
    http2: optional(bool(`HTTP/2 and native gRPC: by ALPN with TLS, with prior knowledge without; ${INHERITED}`)),
    websocket: bool("WebSocket handshakes over HTTP/1.1", true),
  }),
  readTimeout: optional(dur(`timeout for the request head, then maximum time between body chunks; ${INHERITED}`)),
  writeTimeout: optional(dur(`disconnect a client that does not read for this long; ${INHERITED}`)),
  idleTimeout: optional(dur(`close a keep-alive connection idle for this long; ${INHERITED}`)),
  ...ipLists,
  proxyProtocol,
  redirectToHTTPS: redirectToHttps,
  tls: listenerTls,
});

/** `frontend.listeners`. */
export const listeners = listOf("further listeners, each with a unique name", listener);

/** One listener as written. */
export type ListenerSection = Infer<typeof listener>;
