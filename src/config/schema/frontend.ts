// `frontend`: the ports for clients.

import { object, optional } from "./fields.ts";
import { host } from "./grammar-scalars.ts";
import { frontendGrpc } from "./grpc.ts";
import { ipLists } from "./ip-list.ts";
import { listenerTls } from "./listener-tls.ts";
import { listeners } from "./listeners.ts";
import { proxyProtocol } from "./proxy-protocol.ts";
import { redirectToHttps } from "./redirect.ts";
import { bool, dur, int, size, strings } from "./scalars.ts";
import { frontendSse } from "./sse.ts";
import { frontendWebsocket } from "./websocket.ts";

/** `frontend`. */
export const frontend = object("Where clients connect", {
  http: object("The HTTP listener", {
    enabled: optional(bool("open the port; default true, unless `listeners` is not empty and `port` is not set here")),
    host: host("address to bind", "0.0.0.0"),
    port: int("port to bind; 0 = any free port", 8080, 0, 65535),
    readTimeout: dur("timeout for the complete request head, then maximum time between body chunks; 0 = none", 30_000),
    writeTimeout: dur("disconnect a client that does not read for this long; 0 = never", 30_000),
    idleTimeout: dur("close a keep-alive connection idle for this long; 0 = never", 75_000),
    maxRequestSize: size("maximum request body; 0 = no limit", 10 * 1024 * 1024),
    maxHeaderSize: size("maximum request head", 32 * 1024),
    maxHeaders: int("maximum number of header fields in a request", 200, 1),
    maxConnections: int(
      "maximum client connections, over all listeners for clients, more are answered 503; 0 = as many as the limit on open files allows",
      0,
    ),
    trustedProxies: strings("CIDR ranges of peers whose forwarded headers are trusted; `unix` = peers on UNIX sockets"),
    ...ipLists,
    sendVia: bool("add `Via` to requests and replies; backends such as nginx then do not compress", false),
    echo: bool("serve `/_gateway/echo`, which shows a request as it arrived", false),
    enableHTTP2: bool(
      "HTTP/2 beside HTTP/1.1: by ALPN with TLS, with prior knowledge without; false also excludes native gRPC",
      true,
    ),
    proxyProtocol,
    redirectToHTTPS: redirectToHttps,
    tls: listenerTls,
  }),
  websocket: frontendWebsocket,
  sse: frontendSse,
  grpc: frontendGrpc,
  listeners,
});
