// `/_gateway/echo`: shows a request as it arrived, with possible credentials masked.
import type { RequestContext } from "../../core/context.ts";
import type { Reply } from "../../core/reply.ts";
import { Gathered } from "../../wire/gathered.ts";

/** Most of a body that is shown, bytes. */
const MAX_BODY = 64 * 1024;
/** Names of headers and query parameters whose values are masked. */
const SECRET = /^(authorization|proxy-authorization|cookie|key)$|api[-_]?key|^x-llm-key-|token|secret|password/i;

/** Reads the body (up to 64 KiB of it) and answers with all there is to see, as JSON. */
export function echo(ctx: RequestContext): Promise<Reply> {
  return readBody(ctx).then((body) => {
    const headers: Record<string, string[]> = {};
    for (let i = 0; i < ctx.fields.length; i += 2) {
      const name = ctx.fields[i]!;
      (headers[name] ??= []).push(SECRET.test(name) ? "***" : ctx.fields[i + 1]!);
    }
    const query: Record<string, string[]> = {};
    for (const [key, value] of new URLSearchParams(ctx.query))
      (query[key] ??= []).push(SECRET.test(key) ? "***" : value);
    const shown = {
      body,
      headers,
      method: ctx.method,
      path: ctx.path,
      query,
      remote: ctx.clientIp,
      timestamp: new Date().toISOString(),
    };
    return {
      status: 200,
      fields: ["Content-Type", "application/json; charset=utf-8"],
      body: `${JSON.stringify(shown, null, 2)}\n`,
    };
  });
}

function readBody(ctx: RequestContext): Promise<string> {
  const { body } = ctx;
  if (body.length === 0) return Promise.resolve("");
  if (ctx.expectsContinue) ctx.downstream.interim(100, []);
  return new Promise((resolve) => {
    const shown = new Gathered();
    body.start({
      data(chunk) {
        shown.add(chunk.subarray(0, MAX_BODY - shown.length), true);
        return true;
      },
      end: () => resolve(shown.bytes.toString("utf8")),
    });
  });
}
