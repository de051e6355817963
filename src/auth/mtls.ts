// Authentication by client certificate, which the TLS handshake has verified.
import type { RequestContext } from "../core/context.ts";
import { type Identity, identityOf } from "../core/identity.ts";
import { type Revocation, revoked } from "../tls/revocation.ts";
import { type Authenticator, type AuthResult, invalid } from "./authenticator.ts";

/** Settings of the method. */
export interface MtlsSettings {
  /** Subject of a certificate → scopes. */
  readonly scopes: Readonly<Record<string, readonly string[]>>;
}

/**
 * Makes the method.
 * @param listsOf the current revocation lists of a listener, since a certificate may be revoked after its handshake
 */
export function mtls({ scopes }: MtlsSettings, listsOf: (listener: string) => readonly Revocation[]): Authenticator {
  const known = new Map(Object.entries(scopes));
  // An identity lives as long as its connection, and so does its copy with scopes.
  const copies = new WeakMap<Identity, Identity>();
  const withScopes = (identity: Identity): Identity => {
    const held = known.get(identity.subject);
    if (held === undefined) return identity;
    let copy = copies.get(identity);
    if (copy === undefined) copies.set(identity, (copy = identityOf({ ...identity, scopes: held })));
    return copy;
  };
  const identityIn = (ctx: RequestContext) => ctx.peer.secured?.identity ?? null;
  const identify = (ctx: RequestContext): AuthResult => {
    const identity = identityIn(ctx);
    return identity === null ? invalid("no verified certificate") : withScopes(identity);
  };
  return {
    method: "mtls",
    challenge: 'Certificate realm="gateway"',
    credentialOf: (ctx) => identityIn(ctx)?.subject ?? null,
    identify: (_, ctx) => identify(ctx),
    recheck(_, ctx): AuthResult {
      const { listener, secured } = ctx.peer;
      for (const lists of listsOf(listener)) {
        const why = revoked(secured?.chain ?? [], lists, Date.now());
        if (why !== null) return invalid(why);
      }
      return identify(ctx);
    },
    strip: () => undefined, // the gateway sets Client-Cert itself
  };
}
