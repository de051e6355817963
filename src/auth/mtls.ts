// Authentication by the client certificate of the connection, which the handshake has verified.
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
 * @param listsOf the revocation lists of a listener: a connection that was accepted before may belong to a client that is in one
 */
export function mtls({ scopes }: MtlsSettings, listsOf: (listener: string) => readonly Revocation[]): Authenticator {
  const known = new Map(Object.entries(scopes));
  // Identities belong to connections, and so does what is made of them.
  const scoped = new WeakMap<Identity, Identity>();
  const withScopes = (identity: Identity): Identity => {
    const held = known.get(identity.subject);
    if (held === undefined) return identity;
    let made = scoped.get(identity);
    if (made === undefined) scoped.set(identity, (made = identityOf({ ...identity, scopes: held })));
    return made;
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
    strip: () => undefined, // Client-Cert is the gateway's own
  };
}
