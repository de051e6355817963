// Keeps web pages from calling the management API through the browser of an operator.
import type { IncomingHttpHeaders } from "node:http";
import { isIP } from "node:net";

/**
 * Whether a call comes from a page of another origin, or, where no credential is required, under a foreign host name that
 * resolves to this machine (DNS rebinding).
 * @param boundTo host of the listener when no credential is required, else null
 */
export function isForeign(headers: IncomingHttpHeaders, boundTo: string | null): boolean {
  const { host = "", origin } = headers;
  if (origin !== undefined && hostOf(origin) !== host.toLowerCase()) return true;
  if (headers["sec-fetch-site"] === "cross-site" || headers["sec-fetch-site"] === "same-site") return true;
  if (boundTo === null) return false;
  const name = host
    .toLowerCase()
    .replace(/:\d*$/, "")
    .replace(/^\[(.*)\]$/, "$1");
  return isIP(name) === 0 && name !== "localhost" && name !== boundTo.toLowerCase();
}

/** Host and port of an origin; "" when it has none, as `null` of a sandboxed page. */
function hostOf(origin: string): string {
  return URL.canParse(origin) ? new URL(origin).host : "";
}
