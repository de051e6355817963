// The path and query a backend is asked for: what the client sent, changed as the route says.
import type { TargetRule } from "../core/route-settings.ts";
import { callPath } from "./grpc.ts";

/** Path and query sent upstream. */
export function upstreamTarget(rule: TargetRule, path: string, query: string): string {
  if (rule.calls) return callPath(path, rule.strip) ?? path;
  if (rule.strip === "" && rule.prefix === "") return query === "" ? path : path + query;
  const rest = rule.strip !== "" && path.startsWith(rule.strip) ? path.slice(rule.strip.length) : path;
  const slash = rest === "" || rest.charCodeAt(0) === 0x2f ? "" : "/";
  const target = rule.prefix + slash + rest;
  return (target === "" ? "/" : target) + query;
}
