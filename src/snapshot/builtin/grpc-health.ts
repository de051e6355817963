// The gRPC health protocol (grpc/doc/health-checking.md) for the gateway itself, unless a route matches it.
import type { RequestContext } from "../../core/context.ts";
import type { Upstream } from "../../core/edges.ts";
import { isWell } from "../../core/endpoint.ts";
import { NULL_UPSTREAM } from "../../core/null-upstream.ts";
import type { Reply } from "../../core/reply.ts";
import type { ReplyWriter } from "../../core/reply-head.ts";
import type { Responder } from "../../core/responder.ts";
import type { CurrentSnapshot } from "../../core/snapshot.ts";
import type { OpenStream } from "../../core/streams.ts";
import { grpcKind } from "../../wire/grpc.ts";
import { readWhole } from "../../wire/whole-body.ts";

const CHECK = "/grpc.health.v1.Health/Check";
const WATCH = "/grpc.health.v1.Health/Watch";
/** Largest request read, bytes; those of the protocol are smaller. */
const MAX_REQUEST_BYTES = 1024;

const SERVING = 1;
const NOT_SERVING = 2;
const SERVICE_UNKNOWN = 3;

/** Whether the request is a call of the protocol. */
export function isHealthCall(ctx: RequestContext): boolean {
  return (ctx.path === CHECK || ctx.path === WATCH) && ctx.method === "POST" && grpcKind(ctx.fields) === "native";
}

/** Answers such calls. @param live the snapshot requests enter now, also while a watch goes on */
export function healthCalls(live: () => CurrentSnapshot): Responder {
  return {
    async answer(ctx) {
      const body = await readWhole(ctx, MAX_REQUEST_BYTES);
      const service = "code" in body ? null : serviceOf(body);
      if (service === null) return reply((writer) => end(ctx, writer, 3, "not a HealthCheckRequest"));
      if (ctx.path === WATCH) return reply((writer) => watch(ctx, writer, live, service));
      const status = statusOf(live(), service);
      if (status === SERVICE_UNKNOWN) return reply((writer) => end(ctx, writer, 5, "unknown service"));
      return reply((writer) => {
        writer.write(message(status), null);
        return end(ctx, writer, 0, "");
      });
    },
  };
}

function reply(start: (writer: ReplyWriter) => Upstream): Reply {
  return { status: 200, fields: ["content-type", "application/grpc"], body: { start } };
}

/** Sends the status now and whenever it changes. */
function watch(ctx: RequestContext, writer: ReplyWriter, live: () => CurrentSnapshot, service: string): Upstream {
  const { streams } = ctx.snapshot!;
  let last = 0;
  const stream: OpenStream & Upstream = {
    kind: "grpc",
    tick() {
      const status = statusOf(live(), service);
      if (status === last) return;
      last = status;
      writer.write(message(status), null);
    },
    leave() {
      streams.remove(stream);
      end(ctx, writer, 14, "the gateway is shutting down");
    },
    resume: () => undefined,
    abort: () => streams.remove(stream),
  };
  streams.add(stream);
  stream.tick(streams.now);
  return stream;
}

/** "" is the gateway itself; any other name a service of the registry. */
function statusOf({ snapshot, draining }: CurrentSnapshot, service: string): number {
  if (service === "") return draining ? NOT_SERVING : SERVING;
  const known = snapshot.services.get(service);
  if (known === undefined) return SERVICE_UNKNOWN;
  return !draining && known.endpoints.some(isWell) ? SERVING : NOT_SERVING;
}

function end(ctx: RequestContext, writer: ReplyWriter, status: number, text: string): Upstream {
  ctx.grpcStatus = status;
  writer.end(null, ["grpc-status", String(status), ...(text === "" ? [] : ["grpc-message", text])]);
  return NULL_UPSTREAM;
}

/** `HealthCheckResponse{status}` with its prefix. */
function message(status: number): Buffer {
  return Buffer.from([0, 0, 0, 0, 2, 0x08, status]);
}

/** `HealthCheckRequest.service` of one uncompressed message; null if it is invalid. */
function serviceOf(bytes: Buffer): string | null {
  if (bytes.length < 5 || bytes[0] !== 0 || bytes.readUInt32BE(1) !== bytes.length - 5) return null;
  if (bytes.length === 5) return "";
  const length = bytes[6]!;
  if (bytes[5] !== 0x0a || length >= 0x80 || bytes.length !== 7 + length) return null;
  return bytes.toString("utf8", 7);
}
