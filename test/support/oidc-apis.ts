// A real provider (oidc-provider) that gives machines tokens for APIs, signed or opaque, and answers questions about them.
import assert from "node:assert/strict";
import { call } from "./client.ts";
import { type OidcServer, type OidcSetup, startOidc } from "./oidc.ts";

/** The gateway at the provider: characters that Basic alone would send wrongly (RFC 6749 §2.3.1). */
export const GATEWAY_CLIENT = { clientId: "gate:way", clientSecret: "s3cret of the gateway: 100 % +&/" };
const JOB = { clientId: "job", clientSecret: "secret of the job" };

/** A provider for APIs. */
export interface ApiProvider {
  readonly oidc: OidcServer;
  /** A token for an API: signed, or opaque where its name says so. @param scope words */
  token(api: string, scope?: string): Promise<string>;
  revoke(token: string): Promise<void>;
  /** How many requests have come to a path. */
  asked(path: string): number;
}

/** Starts one. APIs are `urn:api:<name>`; tokens of `urn:opaque:<name>` are opaque. */
export async function startApis(setup: OidcSetup = {}): Promise<ApiProvider> {
  const oidc = await startOidc({
    ...setup,
    clients: [machine(JOB), machine(GATEWAY_CLIENT)],
    configuration: {
      scopes: ["read", "write"],
      features: {
        devInteractions: { enabled: false },
        clientCredentials: { enabled: true },
        introspection: { enabled: true, allowedPolicy: () => true },
        revocation: { enabled: true, allowedPolicy: () => true },
        resourceIndicators: {
          enabled: true,
          getResourceServerInfo: (_, resource) => ({
            scope: "read write",
            audience: resource,
            accessTokenTTL: setup.accessTokenS ?? 3600,
            accessTokenFormat: resource.startsWith("urn:opaque:") ? "opaque" : "jwt",
          }),
        },
      },
    },
  });
  const post = async (path: string, form: Record<string, string>): Promise<string> => {
    const reply = await call(oidc.port, {
      method: "POST",
      path,
      headers: ["Content-Type", "application/x-www-form-urlencoded"],
      body: new URLSearchParams({ ...form, client_id: JOB.clientId, client_secret: JOB.clientSecret }).toString(),
    });
    assert.equal(reply.status, 200, reply.text);
    return reply.text;
  };
  return {
    oidc,
    async token(api, scope = "read write") {
      const text = await post("/token", { grant_type: "client_credentials", resource: api, scope });
      return (JSON.parse(text) as { access_token: string }).access_token;
    },
    async revoke(token) {
      await post("/token/revocation", { token });
    },
    asked: (path) => oidc.asked.filter((each) => each === path).length,
  };
}

function machine({ clientId, clientSecret }: typeof JOB) {
  return {
    client_id: clientId,
    client_secret: clientSecret,
    redirect_uris: [],
    response_types: [],
    grant_types: ["client_credentials"],
    token_endpoint_auth_method: clientId === JOB.clientId ? "client_secret_post" : "client_secret_basic",
  } as const;
}
