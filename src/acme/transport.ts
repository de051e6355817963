// HTTP to an authority: bounded in time and size, trusting its own anchors, following no redirects.
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { gather } from "../wire/gathered.ts";
import { unreachable } from "./acme-error.ts";

/** Longest answer read, bytes. */
const MAX_ANSWER_BYTES = 1024 * 1024;
/** For one answer, from the beginning of the connection to its last byte, ms. */
const ANSWER_MS = 30_000;

/** An answer in the form in which acme-client reads it. */
export interface AcmeAnswer {
  readonly status: number;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  /** JSON as a value, anything else as text. */
  readonly data: unknown;
}

/** Speaks to one authority. Call {@link close} when done. */
export class Transport {
  readonly #userAgent: string;
  readonly #https: HttpsAgent;
  readonly #http = new HttpAgent({ keepAlive: true });

  /** @param ca PEM trust anchors; "" = those of the runtime @param userAgent demanded by RFC 8555 §6.1 */
  constructor(ca: string, userAgent: string) {
    this.#userAgent = userAgent;
    this.#https = new HttpsAgent({ keepAlive: true, ...(ca === "" ? {} : { ca }) });
  }

  /** @throws AcmeError (rejects) when there is no answer, or the signal's reason when it is aborted */
  async send(method: string, url: string, body: string | null, signal: AbortSignal): Promise<AcmeAnswer> {
    const late = AbortSignal.timeout(ANSWER_MS);
    try {
      const answer = await this.#answer(method, url, body, AbortSignal.any([signal, late]));
      const text = await wholeText(answer);
      const headers = Object.fromEntries(
        Object.entries(answer.headers).map(([name, value]) => [
          name,
          Array.isArray(value) ? value.join(", ") : (value ?? ""),
        ]),
      );
      return { status: answer.statusCode ?? 0, headers, data: contentOf(headers["content-type"] ?? "", text) };
    } catch (error) {
      signal.throwIfAborted();
      const { code, message } = error as NodeJS.ErrnoException;
      throw unreachable(url, late.aborted ? `no answer within ${ANSWER_MS / 1000} s` : (code ?? message));
    }
  }

  close(): void {
    this.#https.destroy();
    this.#http.destroy();
  }

  #answer(method: string, url: string, body: string | null, signal: AbortSignal): Promise<IncomingMessage> {
    const secure = new URL(url).protocol === "https:";
    const headers = {
      "User-Agent": this.#userAgent,
      ...(body === null ? {} : { "Content-Type": "application/jose+json", "Content-Length": Buffer.byteLength(body) }),
    };
    return new Promise((resolve, reject) => {
      const send = secure ? httpsRequest : httpRequest;
      const request = send(url, { method, headers, signal, agent: secure ? this.#https : this.#http }, resolve);
      request.on("error", reject);
      request.end(body ?? undefined);
    });
  }
}

async function wholeText(answer: AsyncIterable<Uint8Array>): Promise<string> {
  const bytes = await gather(
    answer,
    MAX_ANSWER_BYTES,
    () => new Error(`the answer is larger than ${MAX_ANSWER_BYTES} bytes`),
  );
  return bytes.toString("utf8");
}

function contentOf(type: string, text: string): unknown {
  if (!/\bjson\b/i.test(type)) return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
