// A request, a route and a snapshot for tests that need one: everything has a plain default, and a test names what matters to it.
import { RequestContext, type RequestIdRule } from "../../src/core/context.ts";
import { NullDownstream } from "../../src/core/null-upstream.ts";
import type { Route } from "../../src/core/route.ts";
import type { EventStreamRule, TargetRule } from "../../src/core/route-settings.ts";
import type { Secured } from "../../src/core/secured.ts";
import type { Snapshot } from "../../src/core/snapshot.ts";
import { OpenStreams } from "../../src/core/streams.ts";
import { ForwardedPeer } from "../../src/wire/forwarded.ts";

/** Given to the constructor; everything else is assigned. */
type Received = "downstream" | "peer" | "method" | "fields" | "httpVersion" | "expectsContinue" | "startedAt";
type Fixed = "rawPath" | "query" | "edited" | "ended" | "onDone" | "runCleanups";

/** A TLS connection of a client that has shown no certificate. */
export const SECURED: Secured = { identity: null, chain: [], certificateFields: [], refusal: () => null };

/** What is special about a request: as received, or as the pipeline has completed it by then. */
export type GivenContext = Partial<Omit<RequestContext, Fixed>> & {
  /** Path and query as sent. */
  readonly target?: string;
};

/** A `GET /` over HTTP/1.1 without fields, from a client that drops what it is told. Its path is taken for canonical. */
export function contextOf(given: GivenContext = {}): RequestContext {
  const {
    downstream = new NullDownstream(),
    peer = new ForwardedPeer("192.0.2.1", "http", null),
    method = "GET",
    target = "/",
    fields = [],
    httpVersion = "1.1",
    expectsContinue = false,
    startedAt = 0,
    ...completed
  } = given;
  const ctx = new RequestContext(downstream, peer, method, target, fields, httpVersion, expectsContinue, startedAt);
  ctx.path = ctx.rawPath;
  const rest: Partial<Omit<RequestContext, Fixed | Received>> = completed;
  return Object.assign(ctx, rest);
}

/** Leaves path and authority alone. */
export const PLAIN_TARGET: TargetRule = { calls: false, strip: "", prefix: "", host: "endpoint" };

/** Event streams without bounds, that end with their backend. */
export const PLAIN_EVENTS: EventStreamRule = {
  stallMs: 0,
  bufferBytes: 0,
  heartbeatMs: 0,
  maxAgeMs: 0,
  silenceMs: 0,
  maxEventBytes: 0,
  maxHeldBytes: 0,
  maxRetries: 0,
  retryMs: 0,
  recheckMs: null,
};

/** What is special about a route; of its rules for targets and event streams, too. */
export type GivenRoute = Partial<Omit<Route, "target" | "events">> & {
  readonly target?: Partial<TargetRule>;
  readonly events?: Partial<EventStreamRule>;
};

/** A route of HTTP without filters, bounds or deadline. */
export function routeOf(given: GivenRoute = {}): Route {
  return {
    id: "r",
    pattern: "/",
    source: "t:1",
    filters: [],
    replyFilters: [],
    to: { answer: () => ({ code: "no_route" }) },
    fallback: null,
    errors: null,
    preflight: null,
    websocket: null,
    times: null,
    grpc: false,
    tier: "normal",
    maxAttempts: 1,
    attemptsWithinMs: 0,
    timeoutMs: 0,
    timeoutWritten: false,
    callRecheckMs: null,
    maxBodyBytes: 0,
    accessLog: false,
    hidesOverrides: false,
    meter: null,
    ...given,
    target: { ...PLAIN_TARGET, ...given.target },
    events: { ...PLAIN_EVENTS, ...given.events },
  };
}

/** What is special about a snapshot, and about its request ids. */
export type GivenSnapshot = Partial<Omit<Snapshot, "requestId">> & { readonly requestId?: Partial<RequestIdRule> };

/** A snapshot that has nothing, trusts nobody and counts nothing. */
export function snapshotOf(given: GivenSnapshot = {}): Snapshot {
  return {
    hash: "",
    services: new Map(),
    routes: [],
    overload: null,
    limits: [],
    replyFilters: [],
    ownAnswer: () => null,
    validationAnswer: () => null,
    answersPreflights: false,
    match: () => ({ allow: [] }),
    admission: () => undefined,
    lastAnswer: () => null,
    trace: () => null,
    instanceId: "test",
    trusts: () => false,
    via: false,
    streams: new OpenStreams(() => performance.now()),
    bind: () => undefined,
    standing: () => null,
    enter: () => undefined,
    streamOpened: () => undefined,
    done: () => undefined,
    ...given,
    requestId: {
      enabled: false,
      headerName: "X-Request-ID",
      lowerName: "x-request-id",
      generate: false,
      propagate: false,
      ...given.requestId,
    },
  };
}
