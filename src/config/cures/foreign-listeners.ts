// Keys of other gateways for listeners, certificates and logs, and what to write instead.
import { type ForeignRow, HTTP, RULE, SERVICE, TOPS } from "./foreign-sections.ts";

const LISTENER_CURE = "the address to listen on is frontend.http.host, and the port frontend.http.port";
const HEADERS_CURE = "changing header fields is not supported; let the service do it";
const LOGS_CURE = "access lines go to telemetry.logging.output; accessLog: false disables them for a rule";
const AUTH_CURE =
  "write auth beside router: { required: true, jwt: …, oauth2: …, apikey: …, basic: … or mtls: … }, and authRequired in rules";
const FORWARD_CURE =
  "write auth beside router: { forward: { url: http://127.0.0.1:9091/ } }, and authRequired in rules";
const LATER_CURE = "not supported in this version; let the service do it";

/** What has lists of addresses. */
const LISTED = [RULE, HTTP, "frontend.websocket", "frontend.grpc", "frontend.listeners[]"];

/** Rows of the table in foreign-keys.ts. */
export const LISTENER_WORDS: readonly ForeignRow[] = [
  [[HTTP, ...TOPS], "http3 quic", "HTTP/3 is not supported; remove it"],
  [
    [HTTP],
    "redirect redirects httpsredirect forcessl redirecthttps",
    "write redirectToHTTPS: true in a listener without TLS; other redirects must be made by a service",
  ],
  [
    [HTTP],
    "cors",
    "write cors: { enabled: true, allowedOrigins: [ https://app.example.org ] } beside frontend, or cors in a rule",
  ],
  [
    ["backend.http", "backend"],
    "timeout timeouts readtimeout",
    "write timeout in a rule; responseHeaderTimeout limits the wait for the response head",
  ],
  [["backend.http.tls", "backend.grpc.tls"], "ca cacert cacertfile trustedca", "write rootCAFile: ca.pem"],
  [["backend.http.tls", "backend.grpc.tls"], "cert certificate clientcert crt", "write clientCertFile: cert.pem"],
  [["backend.http.tls", "backend.grpc.tls"], "key clientkey privatekey", "write clientKeyFile: key.pem"],
  [
    ["health"],
    "path endpoint url healthcheckpath",
    "write healthPath: /health; probes of instances are set in their own health: { path: /health }",
  ],
  [
    TOPS,
    "env environment profile profiles",
    "write one file for each environment, and put shared parts into a file listed in include",
  ],
  [TOPS, "dns resolver resolvers nameservers", "names are resolved as configured in the system; remove it"],
  [[...TOPS, HTTP], "cache caching proxycache", "the gateway does not cache responses; remove it"],
  [
    [HTTP, "frontend"],
    "listen bind listener address addr binds bindaddress entrypoint",
    "write host: 0.0.0.0 and port: 8080 in frontend.http",
  ],
  [
    TOPS,
    "listen listeners bind host port ports address entrypoint entrypoints frontends hostname servername apps binds",
    LISTENER_CURE,
  ],
  [["router", "registry"], "listen listeners bind entrypoint entrypoints", LISTENER_CURE],
  [
    [HTTP, "frontend"],
    "servername hostname domain domains hosts hostnames sni",
    "host names are conditions of rules: hosts: [ a.example.org ]",
  ],
  [
    [HTTP, "frontend"],
    "sslcertificate sslcertificatekey ssl https certfile keyfile cert key certificate certificates certs crt pem tlscert tlskey autohttps sslprotocols sslciphers",
    "write tls: { enabled: true, certFile: cert.pem, keyFile: key.pem } in frontend.http",
  ],
  [
    ["frontend", ...TOPS],
    "tls ssl certificates certs certificate https",
    "write frontend.http.tls: { enabled: true, certFile: cert.pem, keyFile: key.pem }",
  ],
  [
    ["frontend.http.tls", "frontend.websocket.tls", "frontend.grpc.tls", "management.tls"],
    "cert certificate crt pem sslcertificate certpath certificatefile tlscert certchain",
    "write certFile: cert.pem",
    "certFile",
  ],
  [
    ["frontend.http.tls", "frontend.websocket.tls", "frontend.grpc.tls", "management.tls"],
    "key privatekey sslcertificatekey keypath tlskey",
    "write keyFile: key.pem",
    "keyFile",
  ],
  [["frontend.http.tls"], "protocols sslprotocols versions version", "write minVersion: 1.2 and maxVersion: 1.3"],
  [["frontend.http.tls"], "ciphers sslciphers", "write cipherSuites: [ NAME ]"],
  [
    ["frontend.http.tls"],
    "ca cacert cafile clientca sslclientcertificate",
    "write clientCAFile: ca.pem with clientAuth: verify",
  ],
  [
    ["frontend.http.tls", "backend.http.tls"],
    "insecure skipverify insecureskiptlsverify sslverify verify verifypeer",
    "backend.http.tls.insecureSkipVerify: true disables verification of service certificates",
  ],
  [[HTTP], "keepalivetimeout keepalive clientidletimeout", "write idleTimeout: 75s"],
  [
    [HTTP],
    "clientheadertimeout clientbodytimeout readheadertimeout requesttimeout timeout timeouts headertimeout timeoutclient",
    "write readTimeout: 30s for requests, writeTimeout: 30s for responses, idleTimeout: 75s for idle connections",
  ],
  [[HTTP], "maxconn workerconnections maxclients limitconn connectionlimit", "write maxConnections: 1000"],
  [
    [HTTP],
    "largeclientheaderbuffers maxheaderbytes maxheaderlistsize",
    "write maxHeaderSize: 32kb and maxHeaders: 200",
  ],
  [[HTTP], "http2 h2 h2c protocols alpn", "write enableHTTP2: true"],
  [
    [HTTP, ...TOPS],
    "setrealipfrom realipheader trustedips forwardedheaders trustproxy trustedproxy realip",
    "write frontend.http.trustedProxies: [ 10.0.0.0/8 ]",
  ],
  [
    [HTTP, ...TOPS],
    "acceptproxy acceptproxyprotocol useproxyprotocol enableproxyprotocol",
    "write frontend.http.proxyProtocol: { trustedPeers: [ 10.0.0.0/8 ] }",
  ],
  [TOPS, "proxyprotocol", "write frontend.http.proxyProtocol: { trustedPeers: [ 10.0.0.0/8 ] }"],
  [
    [HTTP, RULE, ...TOPS, "backend.http", "frontend"],
    "gzip compression compress encode brotli compressresponse gziptypes",
    "the gateway does not compress responses; let the service do it",
  ],
  [
    [RULE, HTTP, ...TOPS],
    "addheader addheaders setheader setheaders requestheaders responseheaders headersup headerup headerdown proxysetheader customrequestheaders customresponseheaders requestheaderstoadd responseheaderstoadd httprequest httpresponse security hsts",
    HEADERS_CURE,
  ],
  [
    [RULE, HTTP, SERVICE, ...TOPS, "router"],
    "basicauth authbasic keyauth authentication apikey jwt oauth oauth2 oidc",
    AUTH_CURE,
  ],
  [
    LISTED,
    "ipallow allow allowip allowips allowedaddresses iprestriction ipallowlist ipwhitelist whitelist allowlist allowfrom whitelistsourcerange sourcerange acl allowcidrs cidrallowlist",
    "write allowedIPs: [ 10.0.0.0/8 ]",
  ],
  [
    LISTED,
    "ipdeny deny denyip denyips ipdenylist ipblacklist blacklist denylist blocklist ipblocklist blockedips denyfrom bannedips",
    "write deniedIPs: [ 203.0.113.7 ]",
  ],
  [
    [SERVICE, ...TOPS, "router", "frontend"],
    "iprestriction ipallowlist ipwhitelist whitelist allowlist acl allow deny ipdenylist blacklist denylist blocklist allowedips deniedips",
    "write allowedIPs or deniedIPs in a rule, or in a listener such as frontend.http",
  ],
  [[RULE, HTTP, SERVICE, ...TOPS, "router"], "forwardauth authrequest extauthz externalauth", FORWARD_CURE],
  [[RULE, HTTP, SERVICE, ...TOPS, "router"], "digestauth", LATER_CURE],
  [[HTTP, RULE, ...TOPS], "accesslogs log logs accesslogging errorlog", LOGS_CURE],
  [[HTTP, ...TOPS], "accesslog", LOGS_CURE],
  [[HTTP, ...TOPS], "logging", "write telemetry.logging: { level: info, format: json, output: stdout }"],
  [
    [...TOPS, HTTP, "telemetry"],
    "loglevel logformat",
    "write telemetry.logging: { level: info, format: json, output: stdout }",
  ],
  [
    ["telemetry.logging"],
    "file path filename filepath destination outputs target accesslog",
    "write output: /var/log/gateway.log, or stdout",
  ],
  [
    ["management"],
    "token password username users user apikey authtoken",
    "write management.auth: { token: … } or { users: { NAME: … } }",
  ],
  [
    TOPS,
    "admin api dashboard stats ping",
    "the management API is configured in management, scraping in metrics, health paths in health",
  ],
  [
    TOPS,
    "workers workerprocesses threads nbthread workerconnections user daemon pid cpu events",
    "one process uses one core: run several, or remove it",
  ],
  [
    [...TOPS, "backend"],
    "timeout timeouts connecttimeout readtimeout",
    "write timeout in a rule; timeouts for clients are in frontend.http, for connections to services in backend.http",
  ],
  [
    TOPS,
    "version apiversion kind metadata spec name id description global defaults providers certificatesresolvers",
    "not part of the configuration; remove it (keys that begin with x- are ignored)",
  ],
  [
    ["redis", "rateLimitStorage.stores"],
    "url uri address addr endpoint dsn connection",
    "write host: NAME and port: 6379, with password, db and tls as separate keys",
  ],
  [["redis"], "user auth pass", "write username and password"],
  [["redis"], "database", "write db: 0"],
  [["redis"], "timeout", "write connectTimeout, readTimeout and writeTimeout; budget limits one decision"],
];
