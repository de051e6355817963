// The gRPC health protocol (grpc/doc/health-checking.md) for the gateway itself: where no route has it, on every HTTP/2 port.
import type { RequestContext } from "../core/context.ts";
import type { Upstream } from "../core/edges.ts";
import { isWell } from "../core/endpoint.ts";
import type { CurrentSnapshot } from "../core/snapshot.ts";
import type { OpenStream } from "../core/streams.ts";
import { grpcKind } from "../wire/grpc.ts";

const CHECK = "/grpc.health.v1.Health/Check";
const WATCH = "/grpc.health.v1.Health/Watch";
/** More than this is no request of the protocol, bytes. */
const MAX_REQUEST_BYTES = 1024;

const SERVING = 1;
const NOT_SERVING = 2;
const SERVICE_UNKNOWN = 3;

/** Whether the request is a call of the protocol. */
export function isHealthCall(ctx: RequestContext): boolean {
  return (ctx.path === CHECK || ctx.path === WATCH) && ctx.method === "POST" && grpcKind(ctx.fields) === "native";
}

/** Answers a call once its one message is here. */
export function answerHealthCall(ctx: RequestContext, live: CurrentSnapshot): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  ctx.downstream.body.start({
    data(chunk) {
      bytes += chunk.length;
      if (bytes <= MAX_REQUEST_BYTES) chunks.push(chunk);
      return true;
    },
    end() {
      const service = bytes <= MAX_REQUEST_BYTES ? serviceOf(Buffer.concat(chunks)) : null;
      if (service === null) return end(ctx, 3, "not a HealthCheckRequest");
      if (ctx.path === WATCH) return watch(ctx, live, service);
      const status = statusOf(live, service);
      if (status === SERVICE_UNKNOWN) return end(ctx, 5, "unknown service");
      begin(ctx);
      ctx.downstream.write(message(status), null);
      end(ctx, 0, "");
    },
  });
}

/** Sends the status now and whenever it changes. */
function watch(ctx: RequestContext, live: CurrentSnapshot, service: string): void {
  const { streams } = ctx.snapshot!;
  let last = 0;
  const stream: OpenStream & Upstream = {
    kind: "grpc",
    tick() {
      const status = statusOf(live, service);
      if (status === last) return;
      last = status;
      ctx.downstream.write(message(status), null);
    },
    leave() {
      streams.remove(stream);
      end(ctx, 14, "the gateway is shutting down");
    },
    resume: () => undefined,
    abort: () => streams.remove(stream),
  };
  ctx.upstream = stream;
  begin(ctx);
  streams.add(stream);
  stream.tick(streams.now);
}

/** "" is the gateway itself; any other name a service of the registry. */
function statusOf({ snapshot, draining }: CurrentSnapshot, service: string): number {
  if (service === "") return draining ? NOT_SERVING : SERVING;
  const known = snapshot.services.get(service);
  if (known === undefined) return SERVICE_UNKNOWN;
  return !draining && known.endpoints.some(isWell) ? SERVING : NOT_SERVING;
}

function begin(ctx: RequestContext): void {
  ctx.status = 200;
  ctx.downstream.head(200, "", ["content-type", "application/grpc"], -1);
}

function end(ctx: RequestContext, status: number, text: string): void {
  ctx.grpcStatus = status;
  if (ctx.status === 0) begin(ctx);
  ctx.downstream.end(null, ["grpc-status", String(status), ...(text === "" ? [] : ["grpc-message", text])]);
}

/** `HealthCheckResponse{status}` with its prefix. */
function message(status: number): Buffer {
  return Buffer.from([0, 0, 0, 0, 2, 0x08, status]);
}

/** `HealthCheckRequest.service` of one uncompressed message; null when it is none. */
function serviceOf(bytes: Buffer): string | null {
  if (bytes.length < 5 || bytes[0] !== 0 || bytes.readUInt32BE(1) !== bytes.length - 5) return null;
  if (bytes.length === 5) return "";
  const length = bytes[6]!;
  if (bytes[5] !== 0x0a || length >= 0x80 || bytes.length !== 7 + length) return null;
  return bytes.toString("utf8", 7);
}
