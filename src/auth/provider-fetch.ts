// Asks an identity provider: bounded in time and size, trusting what it is told to, never led elsewhere.
import { type IncomingMessage, type OutgoingHttpHeaders, request as sendPlain } from "node:http";
import { type RequestOptions, request as sendSecure } from "node:https";
import { gather } from "../wire/gathered.ts";
import { tunnelTo } from "./proxy-tunnel.ts";

/** For one answer, redirects included, ms. */
const ANSWER_MS = 5_000;
/** Longest answer, bytes. */
const MAX_BYTES = 1024 * 1024;
const MAX_REDIRECTS = 3;

/** How a provider is reached. */
export interface ProviderAccess {
  /** PEM trust anchors; "" = those of the runtime. */
  readonly ca: string;
  /** URL of an HTTP proxy on the way to other machines; "" = none. */
  readonly proxy: string;
}

/** What is asked, beside the URL. */
export interface ProviderQuestion {
  /** Fields that are posted as a form; without it the URL is fetched. */
  readonly form?: Readonly<Record<string, string>> | URLSearchParams;
  /** Such as `Authorization`. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** What was answered. */
export interface ProviderAnswer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}

/**
 * Whether a provider may be asked at this URL: by HTTPS, or on this very machine, since whoever can change the answer decides
 * who may enter.
 */
export function isSafeUrl(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname, username, password } = new URL(url);
  if (username !== "" || password !== "") return false; // would be shown wherever the URL is
  return protocol === "https:" || (protocol === "http:" && isThisMachine(hostname));
}

/**
 * Asks at a URL. An answer that leads elsewhere within the origin is followed, unless a form was posted.
 * @throws Error (rejects) saying why there is no answer, in words that may be logged
 */
export async function fetchAnswer(
  url: string,
  access: ProviderAccess,
  signal: AbortSignal,
  question: ProviderQuestion = {},
): Promise<ProviderAnswer> {
  const late = AbortSignal.timeout(ANSWER_MS);
  try {
    return await followed(url, access, AbortSignal.any([signal, late]), question);
  } catch (error) {
    if (late.aborted) throw new Error(`no answer within ${ANSWER_MS / 1000} s`);
    throw new Error((error as NodeJS.ErrnoException).code ?? (error as Error).message);
  }
}

/**
 * The JSON at a URL.
 * @throws Error (rejects) as {@link fetchAnswer} and {@link jsonOf}
 */
export async function fetchJson(
  url: string,
  access: ProviderAccess,
  signal: AbortSignal,
  question: ProviderQuestion = {},
): Promise<unknown> {
  return jsonOf(await fetchAnswer(url, access, signal, question));
}

/** The JSON of an answer with status 200. @throws Error, without any text of the answer */
export function jsonOf({ status, body }: ProviderAnswer): unknown {
  if (status !== 200) throw new Error(`the answer has status ${status}`);
  try {
    return JSON.parse(body.toString("utf8")) as unknown;
  } catch {
    throw new Error("the answer is no JSON"); // the message of the parser would quote it
  }
}

async function followed(
  url: string,
  access: ProviderAccess,
  signal: AbortSignal,
  question: ProviderQuestion,
): Promise<ProviderAnswer> {
  let at = url;
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    const answer = await answerAt(at, access, signal, question);
    const { statusCode: status = 0, headers } = answer;
    const { location } = headers;
    if (status < 300 || status > 399 || location === undefined) return { status, headers, body: await wholeOf(answer) };
    answer.destroy();
    if (question.form !== undefined) throw new Error("the answer to a form leads elsewhere");
    const next = URL.canParse(location, at) ? new URL(location, at) : null;
    if (next === null || next.origin !== new URL(url).origin) throw new Error("the answer leads to another origin");
    at = next.href;
  }
  throw new Error("the answers lead on and on");
}

async function answerAt(
  url: string,
  { ca, proxy }: ProviderAccess,
  signal: AbortSignal,
  { form, headers: own }: ProviderQuestion,
): Promise<IncomingMessage> {
  const { hostname, protocol } = new URL(url);
  const body = form === undefined ? "" : new URLSearchParams(form as Record<string, string>).toString();
  const headers: OutgoingHttpHeaders = { Accept: "application/json", ...own };
  if (form !== undefined) headers["Content-Type"] = "application/x-www-form-urlencoded";
  if (form !== undefined) headers["Content-Length"] = Buffer.byteLength(body);
  const options: RequestOptions = { method: form === undefined ? "GET" : "POST", signal, headers };
  const trust = ca === "" ? {} : { ca };
  // A proxy would look for this machine at itself.
  const tunnel = proxy === "" || isThisMachine(hostname) ? null : await tunnelTo(url, proxy, trust, signal);
  return await new Promise((resolve, reject) => {
    const way = tunnel === null ? { agent: false, ...trust } : { createConnection: () => tunnel };
    const send = protocol === "https:" ? sendSecure : sendPlain;
    send(url, { ...options, ...way }, resolve)
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
