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
export const frontendGrpc = object("A separate listener for gRPC", {
  enabled: bool("bind it", false),
  host: host("address to bind; empty = that of `frontend.http`", ""),
  port: int("port to bind; 0 = any free port", 9090, 0, 65535),
  maxConcurrentStreams: int("maximum concurrent requests on one HTTP/2 connection, on every port", 100, 1),
  maxConnectionAge: dur("send GOAWAY at this age of a connection, ± 10 %, on every port; 0 = never", 0),
  web: bool("accept gRPC-Web on HTTP ports for rules with `protocol: grpc`", true),
  ...tokenValidation,
  ...ipLists,
  proxyProtocol,
  tls: listenerTls,
});

/** `backend.grpc`. */
export const backendGrpc = object("The HTTP/2 client", {
  maxConcurrentStreams: int("maximum concurrent requests on one connection", 100, 1),
  initialWindowSize: size("flow-control window of one stream", 1024 * 1024),
  initialConnWindowSize: size("flow-control window of one connection", 1024 * 1024),
  keepAliveTime: dur("send a PING after this time without data while calls are in progress; 0 = never", 30_000),
  keepAliveTimeout: dur("timeout for the answer to a PING", 10_000),
  dialTimeout: dur("timeout for connecting", 10_000),
  maxMessageSize: size("maximum message in either direction; 0 = no limit", 4 * 1024 * 1024),
  maxCallSendMsgSize: size("maximum message to a backend; 0 = `maxMessageSize`", 0),
  maxCallRecvMsgSize: size("maximum message from a backend; 0 = `maxMessageSize`", 0),
  maxRetryAttempts: int("maximum attempts of a call that no backend has processed", 3, 1),
  retryTimeout: dur("time after which such a call is not attempted again; 0 = its deadline", 5_000),
  tls: orSwitch(upstreamTls, "HTTP/2 over TLS to all instances: true, or a block with the keys of `backend.http.tls`"),
  poolSize: int("connections per instance over which calls are distributed", 1, 1),
  maxPoolSize: int(
    "maximum connections per instance: more than `poolSize` are opened while all streams are in use",
    100,
    1,
  ),
  enableReflection: bool("get descriptors from services by reflection if nothing else provides them", false),
  descriptors: object("Descriptor sets for every transcoding rule", {
    descriptorFiles: strings("FileDescriptorSets"),
    descriptorDirs: strings("directories searched for `*.desc` and `*.pb`"),
    autoReload: bool("reload if one of them changes", false),
    reloadInterval: dur("polling interval for URLs and reflection", 30_000),
    failOnError: bool("reject a configuration whose descriptors cannot be read", false),
  }),
});
