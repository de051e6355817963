// `registry`: which services exist, and their addresses.
import { REGISTRY_NAMES } from "../../catalog.ts";
import type { Infer } from "./field.ts";
import { listOf, object, optional } from "./fields.ts";
import { endpointAddress } from "./grammar-scalars.ts";
import { instanceHealth } from "./health.ts";
import { free, int, oneOf, str, strings } from "./scalars.ts";

const instance = object("One address of a service", {
  id: str("identity for balancing and state; generated as `<service>-<address>-<port>`", ""),
  address: endpointAddress("host name (resolved periodically), IP address, or `unix:PATH` of a socket"),
  port: optional(int("default 80, or 443 with scheme https; a UNIX socket has none", undefined, 1, 65535)),
  scheme: optional(
    oneOf("default https for port 443, else http; `h2c` = HTTP/2 without TLS", ["http", "https", "h2c"], undefined, {
      ws: "http",
      wss: "https",
    }),
  ),
  protocol: optional(oneOf("default that of the service", ["http", "grpc", "https"])),
  health: instanceHealth,
  weight: int("relative share of traffic; 0 = no new traffic", 1, 0, 1_000_000),
  priority: int(
    "instances with 0 receive traffic first; the next number if too few of the previous ones are available",
    0,
    0,
    100,
  ),
  zone: str("its zone, compared with `loadBalancing.zone`; default `metadata.zone`, else `metadata.region`", ""),
  tags: strings("arbitrary labels"),
  metadata: free("arbitrary; `grpcPort` is the port for gRPC calls, `weight` an old spelling of the key above"),
});

/** `registry`. */
export const registry = object("Which services exist", {
  type: oneOf("where services come from", REGISTRY_NAMES, "static"),
  static: object("Services listed here", {
    services: listOf(
      "services by name",
      object("One service", {
        name: str("name that rules refer to"),
        type: oneOf("protocol of all instances", ["http", "grpc"], "http"),
        instances: listOf("its addresses", instance),
      }),
    ),
  }),
});

/** One instance as written. */
export type InstanceSection = Infer<typeof instance>;
