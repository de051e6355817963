// `frontend.grpc` and `backend.grpc`.

import { object } from "./fields.ts";
import { host } from "./grammar-scalars.ts";
import { ipLists } from "./ip-list.ts";
import { listenerTls } from "./listener-tls.ts";
import { orSwitch } from "./or-switch.ts";
import { proxyProtocol } from "./proxy-protocol.ts";
import { bool, dur, int, size, strings } from "./scalars.ts";
import { tokenValidation } from "./token-validation.ts";
import { upstreamTls } from "./upstream-tls.ts";

/** `frontend.grpc`. */
export const frontendGrpc = object("A listener of its own for gRPC", {
  enabled: bool("bind it", false),
  host: host("address to bind; empty = that of `frontend.http`", ""),
  port: int("port to bind; 0 = any free port", 9090, 0, 65535),
  maxConcurrentStreams: int("requests under way at once on one HTTP/2 connection, on every port", 100, 1),
  maxConnectionAge: dur("GOAWAY after this age, give or take a tenth, on every port; 0 = never", 0),
  web: bool("accept gRPC-Web on HTTP ports for rules with `protocol: grpc`", true),
  ...tokenValidation,
  ...ipLists,
  proxyProtocol,
  tls: listenerTls,
});

/** `backend.grpc`. */
export const backendGrpc = object("The HTTP/2 client", {
  maxConcurrentStreams: int("requests under way at once on one connection", 100, 1),
  initialWindowSize: size("flow-control window of one stream", 1024 * 1024),
  initialConnWindowSize: size("flow-control window of one connection", 1024 * 1024),
  keepAliveTime: dur("PING after this long without a byte while calls are under way; 0 = none", 30_000),
  keepAliveTimeout: dur("wait for its answer", 10_000),
  dialTimeout: dur("time to connect", 10_000),
  maxMessageSize: size("largest message in either direction; 0 = no limit", 4 * 1024 * 1024),
  maxCallSendMsgSize: size("largest message to a backend; 0 = as `maxMessageSize`", 0),
  maxCallRecvMsgSize: size("largest message from a backend; 0 = as `maxMessageSize`", 0),
  maxRetryAttempts: int("total tries of a call that no backend has processed", 3, 1),
  retryTimeout: dur("no further try of such a call after this long; 0 = within the deadline", 5_000),
  tls: orSwitch(upstreamTls, "HTTP/2 over TLS to all instances: true, or a block with the keys of `backend.http.tls`"),
  poolSize: int("connections per instance over which calls are spread", 1, 1),
  maxPoolSize: int("connections per instance at most: more than `poolSize` while all their streams are in use", 100, 1),
  enableReflection: bool("ask services for their descriptors where nothing else describes them", false),
  descriptors: object("Descriptor sets for every transcoding rule", {
    descriptorFiles: strings("FileDescriptorSets"),
    descriptorDirs: strings("directories walked for `*.desc` and `*.pb`"),
    autoReload: bool("reload when one of them changes", false),
    reloadInterval: dur("poll of URLs and of services asked by reflection", 30_000),
    failOnError: bool("refuse a configuration whose descriptors cannot be read", false),
  }),
});
