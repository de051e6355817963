// Keys of other gateways for routes, and what to write instead.
import { type ForeignRow, HTTP, INSTANCE, RULE, SERVICE, TOPS } from "./foreign-sections.ts";

const RULES_CURE = "write routes in router.rules, each with path and serviceName";

/** Rows of the table in foreign-keys.ts. */
export const RULE_WORDS: readonly ForeignRow[] = [
  [
    [...TOPS, "frontend", HTTP],
    "route routes location locations paths virtualhost virtualhosts vhosts sites handle tcp udp stream routers",
    RULES_CURE,
  ],
  [TOPS, "http", RULES_CURE],
  [["router"], "route routes routers location locations paths entries", RULES_CURE, "rules"],
  [
    [RULE],
    "location prefix pathprefix uriprefix route uripath handle handlepath context pattern pathpattern pathregexp regex saferegex",
    "write path: /api/* for /api and everything below it, path: /api for exactly that",
    "path",
  ],
  [[RULE], "enabled disabled active", "rules cannot be disabled; comment out its lines with #"],
  [
    [RULE, SERVICE, INSTANCE],
    "description comment note notes",
    "write it as a # comment, or as a key that begins with x-",
  ],
  [[RULE], "group order precedence", "the most specific rule applies; the order cannot be configured"],
  [[RULE], "cookie cookies", 'write match: { headers: { cookie: { contains: "name=value" } } }'],
  [[RULE], "tls ssl https", "services with scheme: https use TLS, which is configured in backend.http.tls"],
  [[RULE], "paths", "a rule has one path; write one rule for each", "path"],
  [
    [RULE],
    "rule",
    "write a Traefik rule as keys: path: /api/*, hosts: [ a.example.org ], methods: [ GET ], match: { headers, query }",
    "path",
  ],
  [
    [RULE],
    "host hostname servername domain domains virtualhost hostregexp sni authority",
    "write hosts: [ a.example.org ]",
  ],
  [[RULE], "method verb verbs", "write methods: [ GET ]"],
  [
    [RULE],
    "header query queryparameters queryparam querystring params",
    "write conditions as match: { headers: { x-tenant: a }, query: { debug: true } }",
  ],
  [[RULE], "name routename", "the name of a rule is its id"],
  [
    [RULE],
    "strippath stripprefixes striprouteprefix handlepathprefix removeprefix trimprefix",
    "write stripPrefix: true, which removes the literal prefix of path",
  ],
  [
    [RULE],
    "rewrite rewritetarget prefixrewrite rewritepath replacepath replacepathregex urlrewrite urireplace regexrewrite rewriteurl addprefix",
    "write rewritePrefix: /new, which replaces the literal prefix of path; regular expressions are not supported",
  ],
  [
    [RULE],
    "hostrewrite hostrewriteliteral upstreamhost sethost hostheader autohostrewrite passhostheader proxysethost",
    "write preserveHost: true to send the client's Host, or rewriteHost: NAME",
  ],
  [
    [RULE],
    "redirect redir redirects redirectregex redirectscheme return respond directresponse static error errorpage handleerrors",
    "a rule always sends to a service, which must redirect or answer itself; fallback: { status, headers, body } answers only if it fails",
    "serviceName",
  ],
  [
    [RULE],
    "root alias tryfiles fileserver index staticfiles autoindex file browse",
    "the gateway does not serve files; route to a service that does",
    "serviceName",
  ],
  [[RULE], "mirror shadow mirrors requestmirrorpolicies mirrorpolicy tee", "mirroring requests is not supported"],
  [
    [RULE],
    "weight weights split trafficsplit canary splitclients",
    "weight is a key of instances: put the instances of both versions into one service",
  ],
  [
    [RULE],
    "middlewares plugins filters directives handlers typedperfilterconfig use",
    "policies are keys of the rule: rateLimit, retry, circuitBreaker, fallback, concurrency, stripPrefix",
  ],
  [
    [...TOPS, "router", "registry", SERVICE],
    "middlewares plugins filters",
    "policies are keys of a rule: rateLimit, retry, circuitBreaker, fallback; those of all rules are set in middleware, retry and circuitBreaker",
  ],
  [
    [RULE],
    "entrypoints entrypoint listen ports parentrefs",
    "a rule applies to all listeners; to restrict it, write listeners: [ NAME ]",
  ],
  [
    [RULE],
    "lb lbpolicy lbalgorithm loadbalancer loadbalancing loadbalancingstrategy balance balancer balancing algorithm policy lbstrategy",
    "write loadBalance: round_robin, least_connections, ip_hash …",
  ],
  [
    [RULE],
    "sticky stickysessions stickycookie persistence sessionpersistence affinity cookie",
    "write loadBalance: sticky_session, with sessionAffinity: { source: cookie, cookieName: NAME }",
  ],
  [
    [RULE],
    "hash hashon iphash hashpolicy ringhashlbconfig",
    "write loadBalance: consistent_hash with consistentHash: { key: ip }",
  ],
];
