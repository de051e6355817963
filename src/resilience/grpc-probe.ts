// Health by the gRPC health protocol (grpc/doc/health-checking.md): one call of Check, answered with SERVING.
import { authorityOf } from "../wire/authority.ts";
import type { Network } from "../wire/dial.ts";
import { type Http2Reply, http2Exchange } from "./http2-exchange.ts";
import type { Probe, ProbeAddress } from "./probe.ts";

/** The service to ask for. */
export interface GrpcTarget extends ProbeAddress {
  /** Name of the gRPC service; "" is the server as a whole. */
  readonly service: string;
}

/** A HealthCheckResponse has two bytes; anything longer than this is invalid. */
const MAX_REPLY_BYTES = 1024;
const SERVING = 1;
const STATES = ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"];

/** The messages are two fields in all, so they are written and read by hand. */
export function grpcProbe(network: Network, target: GrpcTarget): Probe {
  const head = {
    ":method": "POST",
    ":path": "/grpc.health.v1.Health/Check",
    ":authority": authorityOf(target),
    "content-type": "application/grpc",
    te: "trailers",
    "user-agent": "gateway-health",
  };
  const body = question(target.service);
  return (done) =>
    http2Exchange(network, target, { head, body, maxBytes: MAX_REPLY_BYTES }, done, (reply) => done(judge(reply)));
}

function judge({ status, headers, trailers, body }: Http2Reply): string | null {
  if (status !== 200) return `status ${status}`;
  const code = Number(trailers["grpc-status"] ?? headers["grpc-status"] ?? 2);
  if (code === 12) return "the health protocol is not implemented";
  if (code === 5) return "unknown service";
  if (code !== 0) return `gRPC status ${code}`;
  const state = stateOf(body);
  if (state === null) return "no HealthCheckResponse";
  return state === SERVING ? null : (STATES[state] ?? "UNKNOWN");
}

/** `HealthCheckRequest{service}` with its prefix. */
function question(service: string): Buffer {
  const name = Buffer.from(service);
  const message = name.length === 0 ? name : Buffer.concat([Buffer.from([0x0a, ...varint(name.length)]), name]);
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

function varint(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)];
}

/** `HealthCheckResponse.status` of one uncompressed message; 0 if it is absent, null if this is not a message. */
function stateOf(bytes: Buffer): number | null {
  if (bytes.length < 5 || bytes[0] !== 0 || bytes.readUInt32BE(1) !== bytes.length - 5) return null;
  if (bytes.length === 5) return 0;
  return bytes[5] === 0x08 && bytes.length > 6 ? bytes[6]! : null;
}
