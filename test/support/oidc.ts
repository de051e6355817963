// A real OpenID provider (oidc-provider) whose user logs in without being asked, unless a test says otherwise.
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type ClientMetadata, type Configuration, type JWK, Provider } from "oidc-provider";
import { OidcStorage } from "./oidc-storage.ts";
import { type SigningKey, signingKey } from "./tokens.ts";

/** What differs between providers of tests. */
export interface OidcSetup {
  /** Further keys of the provider's configuration. */
  readonly configuration?: Configuration;
  /** Further clients, beside `app`. */
  readonly clients?: readonly ClientMetadata[];
  /** Of the client `app`, with the secret `app-secret`. */
  readonly redirectUris?: readonly string[];
  readonly logoutUris?: readonly string[];
  /** Lifetimes, s. */
  readonly accessTokenS?: number;
  readonly idTokenS?: number;
  /** Port; 0 = a free one. */
  readonly port?: number;
}

/** A provider under way. */
export interface OidcServer {
  readonly issuer: string;
  readonly port: number;
  /** Path of each request that came, with the kind of grant behind those to the token endpoint: `/token refresh_token`. */
  readonly asked: string[];
  /** Who logs in next; null: the provider refuses, as if the user had cancelled. */
  user: string | null;
  /** What is answered instead of everything; null: nothing is. */
  answer: ((request: IncomingMessage, response: ServerResponse) => void) | null;
  /** What it signs with. */
  readonly key: SigningKey;
  /** Signs with a new key. @param keep whether it goes on to publish the one before */
  rotateKeys(keep?: boolean): void;
  close(): Promise<void>;
}

const SECRET = "app-secret";

/** Starts one on 127.0.0.1. Users have the claims `email`, `name` and `groups`, in their ID tokens, too. */
export async function startOidc(setup: OidcSetup = {}): Promise<OidcServer> {
  const server = createServer((request, response) => void handle(request, response)).listen(
    setup.port ?? 0,
    "127.0.0.1",
  );
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const issuer = `http://127.0.0.1:${port}`;
  const storage = new OidcStorage();
  let keys = [signingKey("RS256", "k1")];
  let made = 1;
  let provider = providerOf(issuer, setup, storage, keys);
  const oidc: OidcServer = {
    issuer,
    port,
    asked: [],
    user: "ann",
    answer: null,
    get key() {
      return keys[0]!;
    },
    rotateKeys(keep = false) {
      keys = [signingKey("RS256", `k${++made}`), ...(keep ? keys : [])];
      provider = providerOf(issuer, setup, storage, keys);
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const [path = ""] = request.url!.split("?");
    if (oidc.answer !== null) {
      oidc.asked.push(path);
      return oidc.answer(request, response);
    }
    if (path.startsWith("/interaction/")) return await decide(provider, oidc.user, request, response);
    if (path === "/token") {
      // Read here, which the provider allows for, to tell what is asked for.
      const body = await wholeText(request);
      oidc.asked.push(`${path} ${new URLSearchParams(body).get("grant_type")}`);
      Object.assign(request, { body });
    } else oidc.asked.push(path);
    await provider.callback()(request, response);
  };
  return oidc;
}

/** @param keys of which it signs with the first */
function providerOf(issuer: string, setup: OidcSetup, storage: OidcStorage, keys: readonly SigningKey[]): Provider {
  const jwks = keys.map(({ privateKey, alg, kid }) => {
    return { ...privateKey.export({ format: "jwk" }), alg, use: "sig", kid } as JWK;
  });
  const { accessTokenS = 3600, idTokenS = 3600, redirectUris = [], logoutUris = [] } = setup;
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: "app",
        client_secret: SECRET,
        redirect_uris: [...redirectUris],
        post_logout_redirect_uris: [...logoutUris],
        grant_types: ["authorization_code", "refresh_token"],
      },
      ...(setup.clients ?? []),
    ],
    adapter: (model: string) => storage.adapter(model),
    jwks: { keys: jwks },
    cookies: { keys: ["cookies of the provider"] },
    claims: { openid: ["sub", "groups"], email: ["email", "email_verified"], profile: ["name"] },
    conformIdTokenClaims: false,
    rotateRefreshToken: true,
    issueRefreshToken: async (_, client) => client.grantTypeAllowed("refresh_token"),
    expiresWithSession: async () => false,
    ttl: {
      AccessToken: accessTokenS,
      IdToken: idTokenS,
      RefreshToken: 86_400,
      Session: 86_400,
      Grant: 86_400,
      Interaction: 600,
      AuthorizationCode: 60,
    },
    findAccount: (_, id) => ({ accountId: id, claims: () => claimsOf(id) }),
    interactions: { url: (_, { uid }) => `/interaction/${uid}` },
    loadExistingGrant: async (ctx) => {
      const { client, session } = ctx.oidc;
      const grant = new provider.Grant({ accountId: session!.accountId, clientId: client!.clientId });
      grant.addOIDCScope("openid email profile offline_access");
      await grant.save();
      return grant;
    },
    features: {
      devInteractions: { enabled: false },
      introspection: { enabled: true },
      rpInitiatedLogout: {
        enabled: true,
        // Sent by itself where there are scripts.
        logoutSource: (ctx, form) => {
          ctx.body = `<!doctype html>${form}<script>document.forms[0].submit()</script>`;
        },
      },
    },
    ...setup.configuration,
  });
  provider.on("server_error", (_, error) => console.error("oidc-provider:", error));
  return provider;
}

/** `big` is in many groups, `huge` in too many. */
function claimsOf(sub: string) {
  const count = { big: 120, huge: 2000 }[sub] ?? 1;
  const groups = Array.from({ length: count }, (_, i) => `of-${sub}${i === 0 ? "" : `-${i}-of-the-company`}`);
  return { sub, name: `The ${sub}`, email: `${sub}@example.org`, email_verified: true, groups };
}

/** In place of the forms of a login. */
async function decide(
  provider: Provider,
  user: string | null,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const result = user === null ? { error: "access_denied" } : { login: { accountId: user }, consent: {} };
  await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
}

async function wholeText(request: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
