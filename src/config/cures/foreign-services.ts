// Keys of other gateways for services and instances, and what to write instead.
import { type ForeignRow, HTTP, INSTANCE, RULE, SERVICE, TOPS } from "./foreign-sections.ts";

const SERVICES_CURE =
  "write services and their addresses in registry.static.services; a rule refers to one with serviceName";

/** Rows of the table in foreign-keys.ts. */
export const SERVICE_WORDS: readonly ForeignRow[] = [
  [
    [...TOPS, "router", "registry", "frontend", HTTP],
    "upstream upstreams backends cluster clusters server servers pool pools origin origins target targets targetgroups services loadbalancers staticresources endpoints",
    SERVICES_CURE,
  ],
  [["backend", "backend.http"], "servers server targets instances endpoints hosts url urls address", SERVICES_CURE],
  [
    [RULE],
    "service services backendservice upstream upstreams cluster pool target targets origin proxypass reverseproxy proxyto proxy url uri to destination forwardto dest usebackend defaultbackend backends servers server instances endpoints grpcpass weightedclusters backendrefs",
    "write serviceName: NAME, and the address as an instance of the service NAME in registry.static.services",
    "serviceName",
  ],
  [
    [SERVICE],
    "servers server targets hosts endpoints nodes members upstreams addresses backends loadassignment",
    "the addresses of a service are its instances: [ { address: 10.0.0.1, port: 3000 } ]",
    "instances",
  ],
  [
    [SERVICE],
    "loadbalancer",
    "instances: [ { address: 10.0.0.1, port: 3000 } ] contains the addresses; loadBalance is a key of the rule",
    "instances",
  ],
  [
    [SERVICE],
    "url urls address host hostname port uri",
    "write the address in instances: [ { address: 10.0.0.1, port: 3000 } ]",
    "instances",
  ],
  [[SERVICE], "id servicename service", "write name: NAME", "name"],
  [
    [SERVICE, INSTANCE],
    "loadbalance lb lbpolicy lbalgorithm balance algorithm strategy policy sticky sessionaffinity",
    "loadBalance and sessionAffinity are keys of the rule",
  ],
  [
    [SERVICE, INSTANCE],
    "timeout retries retry connecttimeout readtimeout writetimeout sendtimeout ratelimit circuitbreaker proxytimeout",
    "timeout, retry, rateLimit and circuitBreaker are keys of the rule; connections are configured in backend.http",
  ],
  [
    [SERVICE],
    "healthcheck healthchecks health check option httpchk",
    "health is a key of each instance, such as health: { path: /health }; checks of whole services are set in health.checks",
  ],
  [
    [INSTANCE],
    "healthcheck healthchecks check probe livenessprobe readinessprobe",
    "write health: { path: /health, interval: 10s }",
  ],
  [
    [INSTANCE],
    "url uri server dial to target socketaddress hostport",
    "write scheme, address and port, such as { scheme: http, address: 10.0.0.1, port: 3000 }",
    "address",
  ],
  [[INSTANCE], "host hostname ip name fqdn addr dns", "write address: NAME", "address"],
  [
    [INSTANCE],
    "tls ssl secure https",
    "write scheme: https; trust and client certificates are set in backend.http.tls",
  ],
  [[INSTANCE], "backup", "write priority: 1; instances with priority 0 receive traffic first"],
  [[INSTANCE], "down disabled", "write health: unhealthy"],
  [
    [INSTANCE],
    "maxfails failtimeout slowstart maxconns maxconn",
    "failing instances are excluded by health, outlierDetection or circuitBreaker; backend.http.maxConnsPerHost limits connections",
  ],
];
