// Tells browsers to come back over TLS only (RFC 6797).
import type { ReplyFilter } from "../core/context.ts";
import { dropFields } from "../wire/fields.ts";

const NAME: ReadonlySet<string> = new Set(["strict-transport-security"]);

/**
 * Sends `Strict-Transport-Security` with every reply over TLS, instead of what a service says of it: a service behind the
 * gateway knows nothing of its names. @param values by name of listener
 */
export function hsts(values: ReadonlyMap<string, string>): ReplyFilter {
  return {
    onReply({ peer }, { fields }) {
      const value = values.get(peer.listener);
      // Without TLS it must not be sent (§7.2).
      if (value === undefined || peer.secured === null) return undefined;
      dropFields(fields, NAME);
      fields.push("Strict-Transport-Security", value);
      return undefined;
    },
  };
}
