// What a request does to the resource it names, in one word.
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
/** A method must not be taken for one of these because of its name. */
const WORDS: ReadonlySet<string> = new Set([...BY_METHOD.values(), "connect", "call"]);

/** The action of a method: `read`, `create`, `update`, `delete`, or the method itself in lower case. */
export function actionOfMethod(method: string): string {
  const known = BY_METHOD.get(method);
  if (known !== undefined) return known;
  const lower = method.toLowerCase();
  return WORDS.has(lower) ? `other-${lower}` : lower;
}

/**
 * The action of a request. A WebSocket goes both ways, and a call of gRPC is always a POST, so neither is told by its method:
 * they are `connect` and `call`.
 * @param grpc whether its route takes calls of gRPC
 */
export function actionOf(ctx: RequestContext, grpc: boolean): string {
  if (ctx.upgrade) return "connect";
  return grpc && grpcKind(ctx.fields) !== null ? "call" : actionOfMethod(ctx.method);
}
