// Whose account a request uses or connects.
import type { RequestContext } from "../../core/context.ts";
import { getField } from "../../wire/fields.ts";
import { isFromOwnSite } from "../login/navigation.ts";

const LOOPBACK_ADDRESS = /^(127\.\d+\.\d+\.\d+|::1)$/;
const LOOPBACK_HOST = /^(localhost|127\.\d+\.\d+\.\d+|\[?::1\]?)$/;
/** A proxy on this machine speaks for others. */
const FORWARDED = ["forwarded", "x-forwarded-for", "x-real-ip", "via"] as const;

/**
 * The user; null: nobody. Without authentication, the gateway has one user, on the same machine: neither pages of other sites
 * nor names that lead to this machine (DNS rebinding) let others be that user.
 */
export function accountUser(ctx: RequestContext): string | null {
  const { identity, clientIp, host, fields } = ctx;
  if (identity !== null) return `subject ${identity.subject}`;
  if (!LOOPBACK_ADDRESS.test(clientIp) || !LOOPBACK_HOST.test(host)) return null;
  if (FORWARDED.some((name) => getField(fields, name) !== undefined)) return null;
  return isFromOwnSite(ctx) === false ? null : "this machine";
}
