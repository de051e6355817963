// Examples of the configuration reference: one for each section that has something to show, as YAML below `gateway:`.

const rule = (keys: string) => `router:
  rules:
    - path: /shop/*
      serviceName: shop
      ${keys.replaceAll("\n", "\n      ")}`;

/** Section of the reference → how it may look. Services `shop`, `web` and `greeter` are taken to be there. */
export const EXAMPLES: Readonly<Record<string, string>> = {
  frontend: `frontend:
  http: { port: 8080 }
  websocket: { maxConnections: 10000 }
  grpc: { enabled: true, port: 9090 }`,
  "frontend.http": `frontend:
  http:
    port: 8080
    maxRequestSize: 50mb
    trustedProxies: [ 10.0.0.0/8 ]
    deniedIPs: [ 203.0.113.66 ]`,
  "frontend.http.tls": `frontend:
  http:
    port: 8443
    tls:
      enabled: true
      certFile: /etc/gateway/tls.crt
      keyFile: /etc/gateway/tls.key
      clientAuth: verify # mTLS: clients must show a certificate of this authority
      clientCAFile: /etc/gateway/clients.crt`,
  "frontend.websocket": `frontend:
  websocket:
    maxConnections: 10000
    checkOrigin: true
    allowedOrigins: [ "https://app.example" ]`,
  "frontend.sse": `frontend:
  sse: { keepaliveTimeout: 15s, maxConnections: 10000 }`,
  "frontend.grpc": `frontend:
  grpc: { enabled: true, port: 9090, maxConnectionAge: 1h }`,
  backend: `backend:
  http: { dialTimeout: 2s, maxConnsPerHost: 200 }`,
  "backend.http": `backend:
  http:
    dialTimeout: 2s
    idleConnTimeout: 30s
    maxConnsPerHost: 200`,
  "backend.http.tls": `backend:
  http:
    tls:
      enabled: true
      rootCAFile: /etc/gateway/services.crt
      clientCertFile: /etc/gateway/tls.crt # mTLS: what the gateway shows to services
      clientKeyFile: /etc/gateway/tls.key`,
  "backend.websocket": `backend:
  websocket: { pingInterval: 30s, idleConnectionTimeout: 1h }`,
  "backend.sse": `backend:
  sse: { connectTimeout: 5s, readTimeout: 2m }`,
  "backend.grpc": `backend:
  grpc: { poolSize: 2, keepAliveTime: 30s }`,
  llm: `llm:
  providers:
    openai: { kind: openai, apiKeys: [ "\${OPENAI_API_KEY:-sk-none}" ] }
    claude: { kind: anthropic, apiKeys: [ "\${ANTHROPIC_API_KEY:-sk-none}" ] }
    local: { kind: openaiCompatible, baseUrl: "http://127.0.0.1:11434/v1" }
  models:
    small: { provider: local, upstreamName: "llama3.2:3b", contextIn: 8192 }
  aliases: { fast: small }
  fallback: { maxAttempts: 4 }`,
  "router.rules[].strategy": `auth:
  jwt: { issuer: "https://login.example", audience: models, jwksEndpoint: "https://login.example/keys" }
llm:
  providers:
    openai: { kind: openai, apiKeys: [ "\${OPENAI_API_KEY:-sk-none}" ] }
    claude: { kind: anthropic, apiKeys: [ "\${ANTHROPIC_API_KEY:-sk-none}" ] }
router:
  rules:
    - path: /v1/*
      authRequired: true
      strategy:
        type: llm
        models: [ claude/claude-sonnet-4-5, openai/gpt-5 ]
        allow: { "group:staff": [ "*" ], "*": [ openai/gpt-5 ] }`,
  registry: `registry:
  static:
    services:
      - name: users
        instances:
          - { address: users-1.internal, port: 8000 }
          - { address: users-2.internal, port: 8000 }`,
  "registry.static.services[].instances[]": `registry:
  static:
    services:
      - name: users
        instances:
          - { id: users-1, address: 10.0.0.1, port: 8443, scheme: https, weight: 2, zone: east }
          - { id: spare, address: 10.0.0.9, port: 8443, scheme: https, priority: 1 }`,
  "registry.static.services[].instances[].health": `registry:
  static:
    services:
      - name: users
        instances:
          - address: 10.0.0.1
            port: 8000
            health: { path: /healthz, interval: 5s, expectedStatus: 200-299 }`,
  router: `router:
  defaultLoadBalance: least_connections
  rules:
    - { id: shop, path: /shop/*, serviceName: shop, stripPrefix: true }
    - { id: web, path: /*, serviceName: web }`,
  "router.sessionAffinity": `router:
  sessionAffinity: { cookieName: GATEWAY_SESSION, ttl: 8h, secret: "\${SESSION_SECRET:-change-me-in-production}" }
  rules:
    - { path: /shop/*, serviceName: shop, loadBalance: sticky_session }`,
  "router.rules[]": `router:
  rules:
    - id: orders
      path: "/orders/{id}"
      hosts: [ api.example.org, "*.api.example.org" ]
      methods: [ GET, POST ]
      serviceName: shop
      allowedIPs: [ 10.0.0.0/8 ]
      timeout: 5s`,
  "router.rules[].match": rule(`match:
  headers: { x-canary: "1" }
  query: { version: { prefix: "2." } }`),
  "router.rules[].sessionAffinity": rule(`loadBalance: sticky_session
sessionAffinity: { source: header, headerName: X-Cart }`),
  "router.rules[].consistentHash": rule(`loadBalance: consistent_hash
consistentHash: { key: header:X-Tenant, maxLoad: 1.5 }`),
  "router.rules[].rateLimit": rule("rateLimit: { rate: 200, period: 1m, burst: 50, key: ip }"),
  "router.rules[].rateLimits[]": rule(`rateLimits:
  - { id: burst, rate: 10 }
  - { id: day, rate: 10000, period: 24h, algorithm: sliding_window, key: header:X-Tenant }`),
  "router.rules[].concurrency": rule("concurrency: { max: 3, key: ip }"),
  "router.rules[].websocket": rule(`protocol: websocket
websocket: { mode: messages, maxMessageSize: 64kb }`),
  "router.rules[].sse": rule(`protocol: sse
sse: { maxAge: 1h, maxRetries: 5 }`),
  "router.rules[].grpc": `router:
  rules:
    - path: /v1/*
      serviceName: greeter
      grpc: { enableTranscoding: true, protoFiles: [ demo/greeter.proto ], importPaths: [ protos ] }`,
  "router.rules[].circuitBreaker": rule("circuitBreaker: { maxFailures: 3, interval: 1m, timeout: 30s }"),
  "router.rules[].retry": rule("retry: { maxAttempts: 3, perTryTimeout: 2s, retryableStatusCodes: [ 502, 503 ] }"),
  "router.rules[].fallback": rule(`fallback:
  status: 200
  headers: { Content-Type: application/json }
  body: '{"items": []}'`),
  loadBalancing: `loadBalancing:
  zone: east
  default: { slowStart: 30s }
  services:
    shop: { panicThreshold: 0.3 }`,
  protocols: `protocols:
  grpc:
    jsonTranscoding:
      printOptions: { preserveProtoFieldNames: true }`,
  auth: `auth:
  required: true # on every rule that says nothing else
  skipPaths: [ /health, /public ]
  apikey:
    keys:
      build-server: { hashedKey: 4d1e5bd1e0e8a1d3c5b7f9a2046880bd2c3e4f5061728394a5b6c7d8e9f00112, scopes: [ read ] }
  basic:
    users: { ann: "scrypt$N=16384,r=8,p=1$c29tZSBzYWx0IGhlcmUhIQ$hbpcsXJFYBeYe9mxWmIA2gZ3Ye8Xw2mWkZ0tXWTuQ7I" }`,
  authz: `auth:
  apikey: { keys: { build-server: { hashedKey: 5c06eb3d5a05a19f49476d694ca81a36344660e9d5b98e3d6a6630f31c2422e7 } } }
authz:
  rbac:
    policies:
      - roles:
          viewer: { permissions: [ "orders:*:read" ] }
          editor: { permissions: [ "orders:*" ], inherits: [ viewer ] }
        bindings: { "apikey:build-server": [ editor ] }`,
  "auth.apikey": `auth:
  required: true
  apikey:
    queryParam: api_key # as well as the header X-API-Key
    keys:
      - { id: phone, hashedKey: [ 4d1e5bd1e0e8a1d3c5b7f9a2046880bd2c3e4f5061728394a5b6c7d8e9f00112 ], expiresAt: 2031-01-31 }`,
  "auth.mtls": `auth:
  mtls:
    scopes: { "spiffe://example.org/job": [ deploy ] }
frontend:
  http:
    tls:
      enabled: true
      certFile: /etc/gateway/tls.crt
      keyFile: /etc/gateway/tls.key
      clientAuth: request
      clientCAFile: /etc/gateway/clients.crt`,
  cors: `cors:
  allowedOrigins: [ https://app.example.org, "https://*.preview.example.org" ]
  allowCredentials: true
  maxAge: 10m`,
  "router.rules[].cors": rule('cors: { allowedOrigins: [ "*" ], allowCredentials: false }'),
  circuitBreaker: `circuitBreaker:
  enabled: true
  default: { maxFailures: 0, failureThreshold: 0.5, minRequests: 20, timeout: 10s }
  services:
    shop: { scope: endpoint }`,
  retry: `retry:
  enabled: true
  default: { maxAttempts: 3, initialDelay: 50ms, retryableStatusCodes: [ 502, 503 ] }
  services:
    shop: { maxAttempts: 2 }`,
  adaptiveConcurrency: `adaptiveConcurrency:
  enabled: true
  services:
    shop: { initialLimit: 10, maxLimit: 100 }`,
  overload: `overload: { enabled: true, maxLoopDelay: 10ms }`,
  middleware: `middleware:
  ratelimit:
    enabled: true
    perIP: { rate: 100, burst: 200 }`,
  redis: `redis:
  host: redis.internal
  password: "\${REDIS_PASSWORD:-}"
  budget: 25ms`,
  rateLimitStorage: `rateLimitStorage:
  default: memory
  stores:
    shared: { redis: { host: redis.internal }, onFailure: local }`,
  health: `health:
  healthPath: /health
  interval: 5s
  checks:
    database: { type: tcp, config: { address: "db.internal:5432" } }`,
  outlierDetection: `outlierDetection:
  enabled: true
  default: { consecutiveFailures: 5 }`,
  metrics: `metrics: { enabled: true, path: /metrics, port: 9100 }`,
  telemetry: `telemetry:
  logging: { level: info, format: json, output: /var/log/gateway.log }`,
  management: `management:
  enabled: true
  port: 9090
  auth: { token: "\${MANAGEMENT_TOKEN:-only-for-trying}" }`,
  shutdown: `shutdown: { delay: 10s, timeout: 30s }`,
  "tests[]": `tests:
  - { request: GET /shop/cart, expect: { route: shop } }
  - { request: GET /../etc, expect: { status: 400 } }
router:
  rules:
    - { id: shop, path: /shop/*, serviceName: shop }`,
};
