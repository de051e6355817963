// Which paths the gateway answers itself, before any route is looked at.
import type { RequestContext } from "../core/context.ts";
import { isWell } from "../core/endpoint.ts";
import type { Reply } from "../core/reply.ts";
import type { Builtin, Snapshot } from "../core/snapshot.ts";

const SERVICE_HEALTH = "/_gateway/health/services/";
const JSON_TYPE = ["Content-Type", "application/json; charset=utf-8"];
const NOT_FOUND: Reply = { status: 404, fields: JSON_TYPE, body: '{"error":"not found"}\n' };
const NOTHING: Builtin = { any: true, answer: () => NOT_FOUND };

/** The built-in answer at a canonical path, or null. Nothing below `/_gateway/` ever reaches a backend. */
export function findBuiltin(snapshot: Snapshot, path: string): Builtin | null {
  const builtin = snapshot.builtins.get(path);
  if (builtin !== undefined) return builtin;
  if (!path.startsWith("/_gateway")) return null;
  if (path.startsWith(SERVICE_HEALTH)) return { any: false, answer: serviceHealth };
  return path.length === 9 || path.charCodeAt(9) === 0x2f ? NOTHING : null;
}

/** `{"name","status","healthy":n,"total":n}`; 503 when no endpoint takes traffic and does its work. Names no address. */
function serviceHealth(ctx: RequestContext): Reply {
  const raw = ctx.path.slice(SERVICE_HEALTH.length);
  const { services } = ctx.snapshot!;
  const name = services.has(raw) ? raw : decoded(raw);
  const service = services.get(name);
  if (service === undefined) return NOT_FOUND;
  const healthy = service.endpoints.filter(isWell).length;
  const total = service.endpoints.length;
  const status = healthy === total ? "healthy" : healthy > 0 ? "degraded" : "unhealthy";
  const body = `${JSON.stringify({ name, status, healthy, total })}\n`;
  return { status: healthy > 0 ? 200 : 503, fields: JSON_TYPE, body };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
