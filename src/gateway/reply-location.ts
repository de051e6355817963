// Where a reply points to: a reference that names the instance asked, or lacks the prefix stripped on the way there, means
// nothing to the client and is put in its terms. Any other reference passes as it came.
import type { RequestContext } from "../core/context.ts";
import type { TargetRule } from "../core/route-settings.ts";
import { authorityOf, type Place, plainHost } from "../wire/authority.ts";
import { clientAuthority, clientScheme } from "../wire/client-view.ts";
import { isField } from "../wire/fields.ts";

/** A second slash begins a host (RFC 3986 §4.2); browsers take a backslash for one, and overlook tabs. */
const NAMES_HOST = /^\/\t*[/\\]/;

/** Rewrites `Location` and `Content-Location` in place. A route that keeps the client's Host has nothing to rewrite. */
export function rewriteLocations(ctx: RequestContext, fields: string[]): void {
  const { target } = ctx.route!;
  if (target.host === "client" || target.calls) return;
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!;
    if (!(name.length === 8 && isField(name, "location")) && !(name.length === 16 && isField(name, "content-location")))
      continue;
    fields[i + 1] = forClient(ctx, target, fields[i + 1]!);
  }
}

function forClient(ctx: RequestContext, target: TargetRule, reference: string): string {
  const [, scheme, authority, rest] = /^(https?):\/\/([^/?#\\]*)(?=[/?#]|$)(.*)$/i.exec(reference) ?? [];
  if (scheme === undefined) {
    return reference.startsWith("/") && !NAMES_HOST.test(reference) ? clientPath(target, reference) : reference;
  }
  const asked = ctx.endpoint!.spec;
  if (scheme.toLowerCase() !== asked.scheme) return reference;
  const named = plainAuthority(asked.scheme, authority!);
  const names = typeof target.host === "string" ? [authorityOf(asked)] : [authorityOf(asked), target.host.name];
  if (!names.some((name) => plainAuthority(asked.scheme, name) === named)) return reference;
  const path = clientPath(target, rest!);
  const seenScheme = clientScheme(ctx);
  const gateway = clientAuthority(ctx);
  // Otherwise a backend that redirects to HTTPS would be requested over HTTP again.
  const upgrade = asked.scheme === "https" && seenScheme === "http" && path === ctx.rawPath + ctx.query;
  return gateway === "" || upgrade ? reference : `${seenScheme}://${gateway}${path}`;
}

/** One spelling of a host and its port; text that holds something else, such as credentials, stays as it is. */
function plainAuthority(scheme: Place["scheme"], text: string): string {
  const [, host, port] = /^(\[[^\]@]+\]|[^:@[\]]+)(?::(\d{0,5}))?$/.exec(text) ?? [];
  if (host === undefined) return text;
  return authorityOf({
    scheme,
    address: plainHost(host.toLowerCase()),
    port: Number(port || (scheme === "https" ? 443 : 80)),
  });
}

/**
 * The inverse of what the route does to a path on its way to the backend. A backend that knows under which prefix it is
 * published puts that in itself.
 * @param path with query and fragment; may be empty
 */
function clientPath({ strip, prefix }: TargetRule, path: string): string {
  if (!isBelow(path, prefix) || (strip !== "" && prefix === "" && isBelow(path, strip))) return path;
  const own = strip + path.slice(prefix.length);
  if (NAMES_HOST.test(own)) return path;
  return own.startsWith("/") ? own : `/${own}`;
}

function isBelow(path: string, prefix: string): boolean {
  return (
    path.startsWith(prefix) && (path.length === prefix.length || prefix === "" || "/?#".includes(path[prefix.length]!))
  );
}
