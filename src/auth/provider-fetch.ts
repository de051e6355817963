// HTTP requests to an identity provider, with limits on time and size. Redirects to other origins are not followed.
import { type IncomingMessage, type OutgoingHttpHeaders, request as sendPlain } from "node:http";
import { type RequestOptions, request as sendSecure } from "node:https";
import { gather } from "../wire/gathered.ts";
import { tunnelTo } from "./proxy-tunnel.ts";

/** Timeout of one request, redirects included, in ms. */
const ANSWER_MS = 5_000;
/** Maximum size of an answer, in bytes. */
const MAX_BYTES = 1024 * 1024;
const MAX_REDIRECTS = 3;

/** How a provider is reached. */
export interface ProviderAccess {
  /** PEM trust anchors; "" = those of the runtime. */
  readonly ca: string;
  /** URL of an HTTP proxy, used except for loopback addresses; "" = none. */
  readonly proxy: string;
}

/** A request to a provider. */
export interface ProviderRequest {
  /** Fields to post as a form; absent: a GET request. */
  readonly form?: Readonly<Record<string, string>> | URLSearchParams;
  /** Such as `Authorization`. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** The answer of a provider. */
export interface ProviderAnswer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}

/**
 * Whether a URL is acceptable for requests to a provider: HTTPS, or a loopback address. Whoever can modify the answers
 * decides who is authenticated.
 */
export function isSafeUrl(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname, username, password } = new URL(url);
  if (username !== "" || password !== "") return false; // URLs appear in logs
  return protocol === "https:" || (protocol === "http:" && isThisMachine(hostname));
}

/**
 * Sends a request to a URL. Redirects within the origin are followed, unless a form was posted.
 * @throws Error (rejects) with the reason, which may be logged
 */
export async function fetchAnswer(
  url: string,
  access: ProviderAccess,
  signal: AbortSignal,
  request: ProviderRequest = {},
): Promise<ProviderAnswer> {
  const late = AbortSignal.timeout(ANSWER_MS);
  try {
    return await followed(url, access, AbortSignal.any([signal, late]), request);
  } catch (error) {
    if (late.aborted) throw new Error(`no answer within ${ANSWER_MS / 1000} s`);
    throw new Error((error as NodeJS.ErrnoException).code ?? (error as Error).message);
  }
}

/**
 * Fetches JSON.
 * @throws Error (rejects) as {@link fetchAnswer} and {@link jsonOf} do
 */
export async function fetchJson(
  url: string,
  access: ProviderAccess,
  signal: AbortSignal,
  request: ProviderRequest = {},
): Promise<unknown> {
  return jsonOf(await fetchAnswer(url, access, signal, request));
}

/** The JSON of an answer with status 200. @throws Error that contains no text of the answer */
export function jsonOf({ status, body }: ProviderAnswer): unknown {
  if (status !== 200) throw new Error(`the answer has status ${status}`);
  try {
    return JSON.parse(body.toString("utf8")) as unknown;
  } catch {
    throw new Error("the answer is not valid JSON"); // the message of the parser would quote it
  }
}

async function followed(
  url: string,
  access: ProviderAccess,
  signal: AbortSignal,
  request: ProviderRequest,
): Promise<ProviderAnswer> {
  let at = url;
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    const answer = await answerAt(at, access, signal, request);
    const { statusCode: status = 0, headers } = answer;
    const { location } = headers;
    if (status < 300 || status > 399 || location === undefined) return { status, headers, body: await wholeOf(answer) };
    answer.destroy();
    if (request.form !== undefined) throw new Error("the answer to a form is a redirect");
    const next = URL.canParse(location, at) ? new URL(location, at) : null;
    if (next === null || next.origin !== new URL(url).origin) throw new Error("the answer redirects to another origin");
    at = next.href;
  }
  throw new Error("too many redirects");
}

async function answerAt(
  url: string,
  { ca, proxy }: ProviderAccess,
  signal: AbortSignal,
  { form, headers: own }: ProviderRequest,
): Promise<IncomingMessage> {
  const { hostname, protocol } = new URL(url);
  const body = form === undefined ? "" : new URLSearchParams(form as Record<string, string>).toString();
  const headers: OutgoingHttpHeaders = { Accept: "application/json", ...own };
  if (form !== undefined) headers["Content-Type"] = "application/x-www-form-urlencoded";
  if (form !== undefined) headers["Content-Length"] = Buffer.byteLength(body);
  const options: RequestOptions = { method: form === undefined ? "GET" : "POST", signal, headers };
  const trust = ca === "" ? {} : { ca };
  // For a proxy, a loopback address would be its own.
  const tunnel = proxy === "" || isThisMachine(hostname) ? null : await tunnelTo(url, proxy, trust, signal);
  return await new Promise((resolve, reject) => {
    const connection = tunnel === null ? { agent: false, ...trust } : { createConnection: () => tunnel };
    const send = protocol === "https:" ? sendSecure : sendPlain;
    send(url, { ...options, ...connection }, resolve)
      .on("error", (error) => {
        tunnel?.destroy();
        reject(error);
      })
      .end(body);
  });
}

async function wholeOf(answer: AsyncIterable<Uint8Array>): Promise<Buffer> {
  return await gather(answer, MAX_BYTES, () => new Error(`the answer is larger than ${MAX_BYTES} bytes`));
}

function isThisMachine(hostname: string): boolean {
  return /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
}
