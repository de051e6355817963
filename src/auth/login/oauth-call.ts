// Requests to a token endpoint with openid-client, sent by the gateway's own client for providers.
import type { TokenEndpointResponse } from "openid-client";
import type { ProviderMetadata } from "../oauth2/provider-metadata.ts";
import type { ProviderSettings } from "../oauth2/settings.ts";
import { fetchAnswer } from "../provider-fetch.ts";
import { LoginFault } from "./fault.ts";

/** The answer. The signature of the ID token is not verified yet. */
export interface TokenAnswer {
  readonly accessToken: string;
  /** "" = none. */
  readonly refreshToken: string;
  /** "" = none. */
  readonly idToken: string;
  /** null: not specified. */
  readonly scopes: readonly string[] | null;
  /** Expiry of the access token, wall clock, ms; 0 = not specified. */
  readonly endsAt: number;
}

/** What the authorization response and the ID token must match. */
export interface Expected {
  readonly state: string;
  /** "" = no ID token is expected. */
  readonly nonce: string;
  readonly verifier: string;
}

type Client = typeof import("openid-client");
type Configuration = InstanceType<Client["Configuration"]>;

/** What is needed of the settings of a provider. */
export interface TokenClient extends Pick<ProviderSettings, "clientId" | "clientSecret"> {
  readonly metadata: Pick<ProviderSettings["metadata"], "access">;
  readonly issuer: Pick<ProviderSettings["issuer"], "algorithms" | "clockSkewMs">;
}

/** A token endpoint and its client. */
export interface TokenEndpoint {
  readonly settings: TokenClient;
  readonly redirectUrl: string;
  readonly metadata: ProviderMetadata;
}

/** Exchanges the code of an authorization response. @param query with its leading `?` @throws LoginFault (rejects) */
export function codeGrant(at: TokenEndpoint, query: string, expected: Expected): Promise<TokenAnswer> {
  const url = new URL(at.redirectUrl);
  url.search = query;
  const { state, nonce, verifier } = expected;
  const checks = {
    expectedState: state,
    pkceCodeVerifier: verifier,
    ...(nonce === "" ? {} : { expectedNonce: nonce, idTokenExpected: true }),
  };
  return call(at, (client, configuration) => client.authorizationCodeGrant(configuration, url, checks));
}

/** Refreshes tokens. @throws LoginFault (rejects) */
export function refreshGrant(at: TokenEndpoint, refreshToken: string): Promise<TokenAnswer> {
  return call(at, (client, configuration) => client.refreshTokenGrant(configuration, refreshToken));
}

async function call(
  at: TokenEndpoint,
  grant: (client: Client, configuration: Configuration) => Promise<TokenEndpointResponse>,
): Promise<TokenAnswer> {
  // Loaded on first use, so that a gateway without logins does not load it.
  const client = await import("openid-client");
  const configuration = configurationOf(client, at);
  const line = { down: "" };
  configuration[client.customFetch] = async (url, { body, headers }) => {
    const form = body as URLSearchParams;
    // The library removes the query of redirect_uri, which must match exactly.
    if (form.has("redirect_uri")) form.set("redirect_uri", at.redirectUrl);
    try {
      const answer = await fetchAnswer(url, at.settings.metadata.access, new AbortController().signal, {
        form,
        headers,
      });
      if (answer.status >= 500 || answer.status === 429) line.down = `the provider answered ${answer.status}`;
      const type = answer.headers["content-type"];
      const init = { status: answer.status, headers: type === undefined ? {} : { "Content-Type": type } };
      return new Response(answer.body.length === 0 ? null : answer.body, init);
    } catch (error) {
      line.down = (error as Error).message;
      throw error;
    }
  };
  try {
    return answerOf(await grant(client, configuration));
  } catch (error) {
    throw line.down === "" ? faultOf(client, error) : new LoginFault("down", line.down);
  }
}

function configurationOf(client: Client, { settings, metadata }: TokenEndpoint): Configuration {
  const { clientId, clientSecret, issuer } = settings;
  const { document, authorizationEndpoint, tokenEndpoint } = metadata;
  const server = {
    // It is compared with ID tokens and the parameter `iss`; providers without an issuer have neither.
    issuer: metadata.issuer || new URL(authorizationEndpoint || tokenEndpoint).origin,
    token_endpoint: tokenEndpoint,
    id_token_signing_alg_values_supported: [...issuer.algorithms],
    authorization_response_iss_parameter_supported: document.authorization_response_iss_parameter_supported === true,
  };
  const tolerance = { [client.clockTolerance]: Math.ceil(issuer.clockSkewMs / 1000) };
  const configuration = new client.Configuration(
    server,
    clientId,
    tolerance,
    authenticationOf(client, clientSecret, document),
  );
  // All URLs were checked when they were configured or discovered: https, or http on this machine.
  client.allowInsecureRequests(configuration);
  return configuration;
}

/** Client authentication as published by the provider; otherwise in the body, which all accept. */
function authenticationOf(client: Client, secret: string, document: ProviderMetadata["document"]) {
  if (secret === "") return client.None();
  const isPublished = Object.keys(document).length > 0;
  const { token_endpoint_auth_methods_supported: methods = isPublished ? ["client_secret_basic"] : [] } = document;
  const isBasic = Array.isArray(methods) && methods.includes("client_secret_basic");
  return isBasic ? client.ClientSecretBasic(secret) : client.ClientSecretPost(secret);
}

function answerOf(answer: TokenEndpointResponse): TokenAnswer {
  const { access_token, refresh_token = "", id_token = "", scope, expires_in } = answer;
  return {
    accessToken: access_token,
    refreshToken: refresh_token,
    idToken: id_token,
    scopes: scope === undefined ? null : scope.split(" ").filter((one) => one !== ""),
    endsAt: expires_in === undefined ? 0 : Date.now() + expires_in * 1000,
  };
}

/** Error codes of OAuth 2 are words; no other text of the provider may be logged. */
const WORD = /^[a-z_]{1,40}$/;

function faultOf(client: Client, error: unknown): LoginFault {
  if (error instanceof client.ResponseBodyError || error instanceof client.AuthorizationResponseError) {
    const { error: code } = error;
    const word = WORD.test(code) ? code : "an unknown error";
    const isDown = code === "server_error" || code === "temporarily_unavailable";
    const isRefused = error instanceof client.AuthorizationResponseError || code === "invalid_grant";
    return new LoginFault(isDown ? "down" : isRefused ? "refused" : "wrong", `the provider answered ${word}`);
  }
  // Messages of the library are constant; causes may contain tokens.
  if (error instanceof client.ClientError || error instanceof client.WWWAuthenticateChallengeError)
    return new LoginFault("wrong", error.message);
  return new LoginFault("wrong", "the answer is not valid");
}
