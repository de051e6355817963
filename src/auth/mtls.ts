// Authentication by the client certificate of the connection, which the handshake has verified.
import type { RequestContext } from "../core/context.ts";
import { type Identity, identityOf } from "../core/identity.ts";
import { type Authenticator, type AuthResult, invalid } from "./authenticator.ts";

/** Settings of the method. */
export interface MtlsSettings {
  /** Subject of a certificate → scopes. */
  readonly scopes: Readonly<Record<string, readonly string[]>>;
}

/** Makes the method. */
export function mtls({ scopes }: MtlsSettings): Authenticator {
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
  return {
    method: "mtls",
    challenge: 'Certificate realm="gateway"',
    credentialOf: (ctx) => identityIn(ctx)?.subject ?? null,
    identify(_, ctx): AuthResult {
      const identity = identityIn(ctx);
      return identity === null ? invalid("no verified certificate") : withScopes(identity);
    },
    strip: () => undefined, // Client-Cert is the gateway's own
  };
}
