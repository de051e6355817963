// What authentication costs a request: the filter of a route with each kind of credential, and the first look at a token beside
// what node:crypto alone takes to verify its signature.
import { type KeyObject, verify } from "node:crypto";
import { apiKeys, keyDigest } from "../../src/auth/api-keys.ts";
import { type AuthShared, authenticate } from "../../src/auth/authenticate.ts";
import type { Authenticator } from "../../src/auth/authenticator.ts";
import type { CredentialPlaces } from "../../src/auth/credential-places.ts";
import { FailedCredentials } from "../../src/auth/failures.ts";
import { bearer, bearerIdentity } from "../../src/auth/jwt/authenticator.ts";
import { Issuer } from "../../src/auth/jwt/issuer.ts";
import { keysOfPem } from "../../src/auth/jwt/keys.ts";
import { StaticKeys } from "../../src/auth/jwt/static-keys.ts";
import { TokenVerifier } from "../../src/auth/jwt/verifier.ts";
import { identityOf } from "../../src/core/identity.ts";
import { contextOf } from "../support/context.ts";
import { PLAIN_ISSUER, type SigningKey, signed, signingKey } from "../support/tokens.ts";

const ROUNDS = 7;
const SHARED: AuthShared = {
  failures: new FailedCredentials({ max: 20, windowMs: 60_000 }, () => performance.now()),
  now: Date.now,
  refused: () => undefined,
};

/** Lowest of several rounds, µs a call. */
async function cost(calls: number, call: (i: number) => unknown): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const from = performance.now();
    for (let i = 0; i < calls; i++) {
      const result = call(i);
      if (result instanceof Promise) await result;
    }
    best = Math.min(best, performance.now() - from);
  }
  return (best / calls) * 1000;
}

function say(what: string, us: number, more = ""): void {
  process.stdout.write(`${what}: ${us.toFixed(2)} µs${more}\n`);
}

/** The filter of a route on requests with this credential, without what making a request costs. */
async function filterCost(method: Authenticator, fields: readonly string[], calls: number): Promise<number> {
  const filter = authenticate({ optional: false, methods: [method], scopes: ["read"], skips: null }, SHARED);
  const make = () => contextOf({ fields: ["Host", "example.org", "Accept", "*/*", ...fields] });
  const contexts = Array.from({ length: calls }, make);
  let round = 0;
  const us = await cost(calls, (i) => {
    if (i === 0 && round++ > 0) for (let k = 0; k < calls; k++) contexts[k]!.edit = null;
    return filter.onRequest!(contexts[i]!);
  });
  if (contexts.some(({ identity }) => identity === null)) throw new Error("a request was refused");
  return us;
}

function placeIn(header: string, prefix: string): CredentialPlaces {
  return { header, prefix, cookie: "", query: "", subprotocol: false };
}

function tokens({ alg, pem }: SigningKey): Authenticator {
  const own = { issuers: { "https://id.example.org": "" }, algorithms: [alg as "RS256"], audience: ["api"] };
  const issuer = new Issuer({ ...PLAIN_ISSUER, ...own }, new StaticKeys(keysOfPem(pem), false));
  const verifier = new TokenVerifier([issuer], bearerIdentity);
  const place = placeIn("authorization", "bearer");
  const requirement = { method: "jwt", scopes: [], audiences: [] } as const;
  return bearer({ method: "jwt", variant: "", places: [place], strips: [], requirement }, verifier, null);
}

/** Verifies the signatures of the same tokens, already decoded. */
function bare(tokens: readonly string[], key: KeyObject, alg: string): (i: number) => boolean {
  const options = alg === "ES256" ? ({ key, dsaEncoding: "ieee-p1363" } as const) : key;
  const parts = tokens.map((token) => {
    const end = token.lastIndexOf(".");
    return [Buffer.from(token.slice(0, end)), Buffer.from(token.slice(end + 1), "base64url")] as const;
  });
  return (i) => verify("sha256", parts[i]![0], options, parts[i]![1]);
}

const apiKey = "live_0123456789abcdef0123456789abcdef";
const identity = identityOf({ subject: "shop", method: "apikey", apiKey: "shop", scopes: ["read"] });
const keys = apiKeys({
  ...{ places: [placeIn("x-api-key", "")], scheme: "ApiKey", forward: false },
  keys: [{ digest: keyDigest(apiKey), name: "shop", disabled: false, identity }],
});
say("API key", await filterCost(keys, ["X-API-Key", apiKey], 20_000));

for (const alg of ["RS256", "ES256"]) {
  const key = signingKey(alg, "k");
  const claims = { iss: "https://id.example.org", aud: "api", scope: "read write", groups: ["staff"] };
  const token = await signed(key, claims);
  say(`${alg}, known token`, await filterCost(tokens(key), ["Authorization", `Bearer ${token}`], 20_000));
  const many = await Promise.all(Array.from({ length: 1500 }, (_, i) => signed(key, { ...claims, jti: String(i) })));
  const contexts = many.map((each) => contextOf({ fields: ["Authorization", `Bearer ${each}`] }));
  let method = tokens(key);
  const first = await cost(many.length, (i) => {
    if (i === 0) method = tokens(key); // which knows none of them
    return method.identify(method.credentialOf(contexts[i]!) as string, contexts[i]!);
  });
  const alone = await cost(many.length, bare(many, key.publicKey, alg));
  say(`${alg}, new token`, first, `, ${(first / alone).toFixed(2)} times crypto.verify (${alone.toFixed(1)} µs)`);
}
