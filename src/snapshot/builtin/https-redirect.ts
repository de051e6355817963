// `redirectToHTTPS`: redirects every request of a listener to HTTPS.
import type { ListenerConfig } from "../../config/meaning/listeners.ts";
import type { RequestContext } from "../../core/context.ts";
import type { Responder } from "../../core/responder.ts";

/** Redirects by listener name; null if no listener redirects. */
export function httpsRedirects(listeners: readonly ListenerConfig[]): ReadonlyMap<string, Responder> | null {
  const all = listeners.flatMap(({ name, redirect }) => {
    if (redirect === null) return [];
    const { port, status } = redirect;
    const suffix = port === 443 ? "" : `:${port}`;
    const answer = ({ host, rawPath, query }: RequestContext) => {
      // A request of HTTP/1.0 may lack the host.
      if (host === "") return { code: "bad_request" as const };
      return { status, fields: ["Location", `https://${host}${suffix}${rawPath}${query}`], body: "" };
    };
    return [[name, { answer }] as const];
  });
  return all.length === 0 ? null : new Map(all);
}
