// The action of a request: what it does to a resource, in one word.
import type { RequestContext } from "../core/context.ts";
import { grpcKind } from "../wire/grpc.ts";

const BY_METHOD: ReadonlyMap<string, string> = new Map([
  ["GET", "read"],
  ["HEAD", "read"],
  ["POST", "create"],
  ["PUT", "update"],
  ["PATCH", "update"],
  ["DELETE", "delete"],
]);
/** Actions that the name of an unknown method must not produce. */
const RESERVED: ReadonlySet<string> = new Set([...BY_METHOD.values(), "connect", "call"]);

/** The action of a method: `read`, `create`, `update`, `delete`, or the method in lower case. */
export function actionOfMethod(method: string): string {
  const known = BY_METHOD.get(method);
  if (known !== undefined) return known;
  const lower = method.toLowerCase();
  return RESERVED.has(lower) ? `other-${lower}` : lower;
}

/**
 * The action of a request. A WebSocket handshake is a GET although data flows both ways, and every gRPC call is a POST, so
 * these have actions of their own: `connect` and `call`.
 * @param grpc whether the route serves gRPC
 */
export function actionOf(ctx: RequestContext, grpc: boolean): string {
  if (ctx.upgrade) return "connect";
  return grpc && grpcKind(ctx.fields) !== null ? "call" : actionOfMethod(ctx.method);
}
