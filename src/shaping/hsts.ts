// Sends `Strict-Transport-Security` (RFC 6797).
import type { ReplyFilter } from "../core/context.ts";
import { dropFields } from "../wire/fields.ts";

const NAME: ReadonlySet<string> = new Set(["strict-transport-security"]);

/**
 * Adds the field to every reply over TLS, and replaces that of the service, which does not know all names the gateway
 * serves. @param values of the field by listener name
 */
export function hsts(values: ReadonlyMap<string, string>): ReplyFilter {
  return {
    onReply({ peer }, { fields }) {
      const value = values.get(peer.listener);
      // RFC 6797 §7.2 forbids the field without TLS.
      if (value === undefined || peer.secured === null) return undefined;
      dropFields(fields, NAME);
      fields.push("Strict-Transport-Security", value);
      return undefined;
    },
  };
}
