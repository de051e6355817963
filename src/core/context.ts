// Everything known about one request, as one object with all its fields from birth, so that its shape never changes.
import type { AttemptEnd } from "./attempt-end.ts";
import type { BoundStream, StreamKind } from "./bound-stream.ts";
import type { Charge } from "./charge.ts";
import type { Downstream, RequestBody, Upstream } from "./edges.ts";
import type { Endpoint } from "./endpoint.ts";
import type { ErrorCode } from "./errors.ts";
import type { Admission, Identity } from "./identity.ts";
import type { Tier } from "./limiter.ts";
import type { LogLine } from "./log.ts";
import type { ModelCall } from "./model-call.ts";
import type { Reply } from "./reply.ts";
import type { BodyFilter, ReplyHead, ReplyWriter } from "./reply-head.ts";
import { RequestEdit } from "./request-edit.ts";
import type { RouteSettings } from "./route-settings.ts";
import type { Secured } from "./secured.ts";
import type { OpenStreams } from "./streams.ts";
import type { Trace } from "./trace.ts";
import type { Translation } from "./translation.ts";

/** What the adapter knows about the connection of a request. */
export interface Peer {
  /** IP address, IPv4-mapped form already plain; "" on a UNIX socket. */
  readonly address: string;
  readonly scheme: "http" | "https";
  /** Name of the listener it came to. */
  readonly listener: string;
  /** The TLS of the connection; null: it has none. */
  readonly secured: Secured | null;
}

/** Protocol version a client speaks, as `Via` names it. */
export type HttpVersion = "1.0" | "1.1" | "2.0";

/** What a long-lived stream has carried, for the access log. */
export interface StreamCounts {
  readonly kind: "websocket" | "sse";
  /** Messages from the client. */
  received: number;
  /** Messages or events to the client. */
  sent: number;
  /** WebSocket close code the client was left with; 0 none. */
  closeCode: number;
}

/** How request ids are read, made and passed on. */
export interface RequestIdRule {
  readonly enabled: boolean;
  readonly headerName: string;
  /** {@link headerName} in lower case. */
  readonly lowerName: string;
  readonly generate: boolean;
  readonly propagate: boolean;
}

/** The snapshot a request is on, as far as the request itself needs it. */
export interface RequestSnapshot {
  readonly requestId: RequestIdRule;
  /** Whether `Via` is added, to requests and replies. */
  readonly via: boolean;
  /** Identifies this gateway; a request that carries it back is a loop. */
  readonly instanceId: string;
  /** WebSockets and event streams open now, on any snapshot. */
  readonly streams: OpenStreams;
  /** A WebSocket or event stream has begun. */
  streamOpened(ctx: RequestContext): void;
  /**
   * From here on a stream ends with the credential that has let its request in, if any has.
   * @param recheckMs time between two looks whether it was revoked, ms; 0: only its end counts; null: the stream may outlive it
   */
  bind(ctx: RequestContext, kind: StreamKind, recheckMs: number | null, stream: BoundStream): void;
  /** The request is over: counts and logs it, and lets it leave the snapshot. @param ms since it arrived */
  done(ctx: RequestContext, ms: number): void;
}

/** Told of errors that are defects, of the gateway or of a filter: logs them and fails the request, not the process. */
export interface DefectHandler {
  defect(ctx: RequestContext, error: unknown): void;
}

/** Counts the requests of a route. */
export interface RouteMeter {
  begin(ctx: RequestContext): void;
  done(ctx: RequestContext, seconds: number): void;
  /** A request was sent again. @param reason error code, status of the answer, or `hedge` */
  retried(reason: string): void;
}

/** The half of a filter that sees replies. */
export interface ReplyFilter {
  /**
   * Called for every reply of the route, whether a backend made it or the gateway, before any of it is sent. It may change
   * status and fields in place; what it returns sees the body, too.
   */
  onReply(ctx: RequestContext, reply: ReplyHead): BodyFilter | undefined;
}

/** Writes the errors of a route in the form its clients expect. */
export interface ErrorWriter {
  /** An error before the reply has begun, as a complete reply; null: the gateway's own form. */
  write(ctx: RequestContext, code: ErrorCode, message: string): (Reply & { readonly body: string }) | null;
}

const NO_FILTERS: readonly ReplyFilter[] = [];

/** Ends of attempts kept for one request, the latest: an event stream may be taken up again for days. */
const MAX_ENDS = 16;

/** One request on its way. Adapters fill the first block; the pipeline the rest. */
export class RequestContext {
  readonly downstream: Downstream;
  readonly peer: Peer;
  readonly method: string;
  /** Path as sent, before canonicalisation, without query. */
  readonly rawPath: string;
  /** Canonical path; "" until the pipeline has computed it. */
  path = "";
  /** Query with its leading `?`, or "". */
  readonly query: string;
  /** Lower-case host without port. */
  host = "";
  /** `Host` as sent. */
  authority = "";
  /** Flat header list as received, `Max-Forwards` counted down. */
  fields: readonly string[];
  readonly httpVersion: HttpVersion;
  /** The client waits for `100 Continue` before it sends its body. */
  readonly expectsContinue: boolean;
  /** Monotonic arrival time, ms. */
  readonly startedAt: number;

  /** Method a preflight asks for (CORS), for which it is then routed; "": not a preflight, or CORS is disabled. */
  preflight = "";
  /** A valid WebSocket handshake: the client asks to upgrade the connection. */
  upgrade = false;
  /** Lower-case names the client's `Connection` nominated; null when there were none beyond the usual. */
  nominated: ReadonlySet<string> | null = null;
  /** Whether the peer is in `trustedProxies`, so that its forwarded fields are trusted. */
  peerTrusted = false;
  clientIp = "";
  requestId = "";
  /** The authenticated client; null: it has not been authenticated. */
  identity: Identity | null = null;
  /** Result of authentication; null: none was required, or the request was accepted without a credential. */
  admission: Admission | null = null;
  /** The credential that authentication has accepted, as sent; null: none. Never shown. */
  credential: string | null = null;
  /** Priority under overload: that of the route, unless authentication has determined another. */
  tier: Tier = "normal";
  /** What the limits of the route have charged; null if none was checked. */
  charges: Charge[] | null = null;

  /** What the gateway reads of the client's body; a filter may replace it. */
  body: RequestBody;
  /** What filters change of the request on its way out; null: nothing. See {@link edited}. */
  edit: RequestEdit | null = null;

  snapshot: RequestSnapshot | null = null;
  route: RouteSettings | null = null;
  /** The form of errors on the route; null: that of the gateway. */
  routeErrors: ErrorWriter | null = null;
  /** null when metrics are off. */
  meter: RouteMeter | null = null;
  /** Filters that see the reply, in the order they run: those of the listener, or of the route once one was found. */
  replyFilters: readonly ReplyFilter[] = NO_FILTERS;
  /** Where the body of the reply is written: the client, or what filters have put before it. */
  reply: ReplyWriter;
  /** Service the request is sent to; "" before. */
  serviceName = "";
  endpoint: Endpoint | null = null;
  upstream: Upstream | null = null;
  attempts = 0;
  /** Attempts that are over; null while there was only one, and it did well. */
  attemptEnds: AttemptEnd[] | null = null;
  /** A balancer that has several ways of choosing notes here which one chose. */
  pickedBy = 0;
  /** Status of the reply as begun; 0 before. */
  status = 0;
  upstreamStatus = 0;
  /** ms from send to response head, of the last attempt; -1 when no head came. */
  upstreamMs = -1;
  bytesIn = 0;
  bytesOut = 0;
  /** Set when the gateway itself refused or failed the request. */
  error: ErrorCode | null = null;
  /** Short reason for the log when something failed; never sent to the client. */
  detail = "";
  /** gRPC status the client was given; -1 if it is not a gRPC request or had no status. */
  grpcStatus = -1;
  /** How the request is put to a backend that speaks another protocol than the client. */
  translation: Translation | null = null;
  /** What is known of a request to a language model; null: it is none. */
  modelCall: ModelCall | null = null;
  /** Set while a WebSocket or event stream is open, and after. */
  stream: StreamCounts | null = null;
  /** Set as soon as the pipeline has the request. */
  defects: DefectHandler | null = null;
  /** The record of the request; null: none is kept. */
  trace: Trace | null = null;
  /** Logs events of this request with its id; null unless the log level is `debug`: `ctx.debug?.(…)`. */
  debug: LogLine | null = null;
  /** What was taken for this request and must be given back at its end. */
  #held: (() => void)[] | null = null;
  finished = false;

  constructor(
    downstream: Downstream,
    peer: Peer,
    method: string,
    target: string,
    fields: readonly string[],
    httpVersion: HttpVersion,
    expectsContinue: boolean,
    startedAt: number,
  ) {
    const mark = target.indexOf("?");
    this.downstream = downstream;
    this.body = downstream.body;
    this.reply = downstream;
    this.peer = peer;
    this.method = method;
    this.rawPath = mark === -1 ? target : target.slice(0, mark);
    this.query = mark === -1 ? "" : target.slice(mark);
    this.fields = fields;
    this.httpVersion = httpVersion;
    this.expectsContinue = expectsContinue;
    this.startedAt = startedAt;
  }

  /** Changes to make to the request before it is sent to a backend; filters add to it. */
  edited(): RequestEdit {
    this.edit ??= new RequestEdit();
    return this.edit;
  }

  /** Notes how an attempt ended. */
  ended(end: AttemptEnd): void {
    this.attemptEnds ??= [];
    if (this.attemptEnds.length === MAX_ENDS) this.attemptEnds.shift();
    this.attemptEnds.push(end);
  }

  /** Registers what to give back when the request is over; at once when it is, because its client left meanwhile. */
  onDone(release: () => void): void {
    if (this.finished) return release();
    // An empty array would be given room for many at its first push.
    if (this.#held === null) this.#held = [release];
    else this.#held.push(release);
  }

  /** Gives everything back, once; called by the pipeline alone. */
  runCleanups(): void {
    if (this.#held === null) return;
    const held = this.#held;
    this.#held = null;
    for (const release of held) release();
  }
}
