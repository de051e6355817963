// `llm.providers.<id>.baseUrl`: where a provider is, and mistakes in it.
import { isIP } from "node:net";
import { PROVIDER_KINDS, type ProviderKind } from "../../../llm/providers/kinds.ts";
import { withoutUrlSecrets } from "../../text/url-secrets.ts";

/** A base URL in parts. */
export interface BaseUrl {
  /** Such as `https://api.openai.com`. */
  readonly origin: string;
  /** Such as `/v1`; "" none. */
  readonly basePath: string;
  readonly scheme: "http" | "https";
  /** Host name or IP address, IPv6 without brackets. */
  readonly address: string;
  readonly port: number;
}

/** Ends of paths that belong to operations rather than to the base, by kind. */
const OPERATIONS: Readonly<Record<ProviderKind, RegExp>> = {
  openai: /\/(chat\/completions|completions|responses|embeddings|models)$/,
  openrouter: /\/(chat\/completions|completions|embeddings|models)$/,
  openaiCompatible: /\/(chat\/completions|completions|responses|embeddings|models)$/,
  anthropic: /\/v1(\/(messages|models).*)?$/,
  gemini: /\/v1(beta)?(\/.*)?$/,
};

/** Networks that are not the internet: RFC 1918, 3927, 4193, 6598, and loopback. */
const PRIVATE =
  /^(127\.|10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|169\.254\.|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|::1$|f[cde][0-9a-f]{2}:)/i;
/** Ends of names that only a private network resolves. */
const PRIVATE_NAME = /(^|\.)(localhost|local|internal|lan|svc|home\.arpa|test|example|invalid)$|\.svc\.[a-z0-9.-]+$/i;

/**
 * Reads the URL.
 * @throws Error saying what is wrong, without anything secret
 */
export function readBaseUrl(text: string, kind: ProviderKind): BaseUrl {
  const shown = withoutUrlSecrets(text);
  if (!URL.canParse(text)) {
    const meant = /^[\w.-]+(:\d+)?(\/.*)?$/.test(text) ? `; write https://${text}` : "";
    throw new Error(`"${shown}" is not a URL${meant}`);
  }
  const { protocol, username, password, search, hash, pathname, hostname, port, origin } = new URL(text);
  if (protocol !== "http:" && protocol !== "https:") {
    const meant = /^[\w.-]+:\d+/.test(text) ? `; write http://${text}` : "";
    throw new Error(`"${shown}" must begin with https:// or http://${meant}`);
  }
  if (username !== "" || password !== "")
    throw new Error("must not contain credentials, because URLs are logged; write them in apiKeys");
  if (search !== "" || hash !== "")
    throw new Error("must not contain a query or fragment; keys belong in apiKeys, other values in headers");
  const basePath = pathname.replace(/\/+$/, "");
  const operation = OPERATIONS[kind].exec(basePath);
  if (operation !== null)
    throw new Error(
      `must not contain "${operation[0]}", which the gateway adds; write ${origin}${basePath.slice(0, operation.index)}`,
    );
  const scheme = protocol === "https:" ? "https" : "http";
  const address = hostname.replace(/^\[|\]$/g, "");
  return { origin, basePath, scheme, address, port: Number(port) || (scheme === "https" ? 443 : 80) };
}

/** The base URL of a kind. */
export function defaultBaseUrl(kind: ProviderKind): BaseUrl | null {
  const { baseUrl } = PROVIDER_KINDS[kind];
  return baseUrl === null ? null : readBaseUrl(baseUrl, "openaiCompatible");
}

/** Whether requests to it leave the private network, as far as the name shows. */
export function isPublic({ address }: Pick<BaseUrl, "address">): boolean {
  if (isIP(address) !== 0) return !PRIVATE.test(address);
  return address.includes(".") && !PRIVATE_NAME.test(address);
}
