// Asks an identity provider for a JSON document: bounded in time and size, trusting what it is told to, never led elsewhere.
import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { gather } from "../wire/gathered.ts";

/** For one document, redirects included, ms. */
const ANSWER_MS = 5_000;
/** Longest document, bytes. */
const MAX_BYTES = 1024 * 1024;
const MAX_REDIRECTS = 3;

/**
 * Whether a provider may be asked at this URL: by HTTPS, or on this very machine, since whoever can change the answer decides
 * who may enter.
 */
export function isSafeUrl(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname, username, password } = new URL(url);
  if (username !== "" || password !== "") return false; // would be shown wherever the URL is
  if (protocol === "https:") return true;
  return protocol === "http:" && /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
}

/**
 * The JSON document at a URL.
 * @param ca PEM trust anchors; "" = those of the runtime
 * @throws Error (rejects) saying why there is none, in words that may be logged
 */
export async function fetchJson(url: string, ca: string, signal: AbortSignal): Promise<unknown> {
  const late = AbortSignal.timeout(ANSWER_MS);
  try {
    return JSON.parse(await documentAt(url, ca, AbortSignal.any([signal, late]))) as unknown;
  } catch (error) {
    if (late.aborted) throw new Error(`no answer within ${ANSWER_MS / 1000} s`);
    if (error instanceof SyntaxError) throw new Error("the answer is no JSON"); // its message would quote the answer
    throw new Error((error as NodeJS.ErrnoException).code ?? (error as Error).message);
  }
}

async function documentAt(url: string, ca: string, signal: AbortSignal): Promise<string> {
  let at = url;
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    const answer = await answerAt(at, ca, signal);
    const { statusCode = 0 } = answer;
    const { location } = answer.headers;
    if (statusCode === 200) return await wholeText(answer);
    answer.destroy();
    if (statusCode < 300 || statusCode > 399 || location === undefined)
      throw new Error(`the answer has status ${statusCode}`);
    const next = URL.canParse(location, at) ? new URL(location, at) : null;
    if (next === null || next.origin !== new URL(url).origin) throw new Error("the answer leads to another origin");
    at = next.href;
  }
  throw new Error("the answers lead on and on");
}

function answerAt(url: string, ca: string, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const secure = url.startsWith("https:");
    const options = { signal, agent: false, headers: { Accept: "application/json" }, ...(ca === "" ? {} : { ca }) };
    const request = secure ? httpsRequest(url, options, resolve) : httpRequest(url, options, resolve);
    request.on("error", reject).end();
  });
}

async function wholeText(answer: AsyncIterable<Uint8Array>): Promise<string> {
  const bytes = await gather(answer, MAX_BYTES, () => new Error(`the answer is larger than ${MAX_BYTES} bytes`));
  return bytes.toString("utf8");
}
