// Sends every reply, from a backend or the gateway itself: reply filters first, then the gateway's own fields.
import { addCharges } from "../core/charge.ts";
import type { RequestContext } from "../core/context.ts";
import type { Reply, ReplySource } from "../core/reply.ts";
import type { BodyFilter, ReplyHead, ReplyWriter } from "../core/reply-head.ts";
import { dropFields } from "../wire/fields.ts";
import { rewriteLocations } from "./reply-location.ts";

const LENGTH: ReadonlySet<string> = new Set(["content-length"]);
const OWN_FIELDS: ReadonlySet<string> = new Set(["x-gateway"]);

/**
 * Sends the head of a reply whose body comes piece by piece; the body is written to `ctx.reply`.
 * @param head its fields are changed in place
 * @throws whatever a filter throws; nothing was sent then
 */
export function sendHead(ctx: RequestContext, head: ReplyHead): void {
  const body = completed(ctx, head);
  ctx.status = head.status;
  let { length } = head;
  if (body !== null) {
    length = -1;
    dropFields(head.fields, LENGTH);
    ctx.reply = new GuardedWriter(ctx, body(ctx.downstream));
  }
  ctx.downstream.head(head.status, head.reason, head.fields, length);
}

/** The head of a switched connection: filters see it, and no body follows. */
export function switchHead(ctx: RequestContext, fields: string[]): void {
  completed(ctx, { made: "backend", status: 101, reason: "", fields, length: 0 });
  ctx.status = 101;
}

/**
 * Sends an answer of the gateway's own.
 * @param close the connection is closed behind it
 * @throws whatever a filter throws
 */
export function sendReply(ctx: RequestContext, { status, fields, body }: Reply, close: boolean): void {
  const head: ReplyHead = { made: "gateway", status, reason: "", fields: [...fields], length: -1 };
  if (isSource(body)) {
    if (close) ctx.downstream.closeAfter();
    sendHead(ctx, head);
    ctx.upstream = body.start(ctx.reply);
    return;
  }
  const filter = completed(ctx, head);
  ctx.status = head.status;
  if (filter === null) return ctx.downstream.answer(head.status, head.fields, body, close);
  const whole = new WholeBody((bytes) => ctx.downstream.answer(head.status, head.fields, bytes, close));
  filter(whole).end(Buffer.from(body as string), []);
}

/** Runs the reply filters on a head and adds the gateway's own fields. @returns the body filters; null: none */
function completed(ctx: RequestContext, head: ReplyHead): BodyFilter | null {
  const isBackends = head.made === "backend";
  if (isBackends) dropOwn(head.fields, ctx.snapshot!.requestId.lowerName);
  const body = ctx.replyFilters.length === 0 ? null : filtered(ctx, head);
  if (isBackends) addHop(ctx, head.fields);
  addCharges(ctx.charges, head.fields);
  if (ctx.requestId !== "") head.fields.push(ctx.snapshot?.requestId.headerName ?? "X-Request-ID", ctx.requestId);
  return body;
}

function filtered(ctx: RequestContext, head: ReplyHead): BodyFilter | null {
  let filters: BodyFilter[] | null = null;
  for (const filter of ctx.replyFilters) {
    const body = filter.onReply(ctx, head);
    if (body !== undefined) (filters ??= []).push(body);
  }
  if (filters === null) return null;
  const chain = filters;
  // The first filter is the nearest to the backend: it writes to the next, and the last one to the client.
  return (client) => chain.reduceRight((next, filter) => filter(next), client);
}

function addHop(ctx: RequestContext, fields: string[]): void {
  rewriteLocations(ctx, fields);
  if (!ctx.snapshot!.via) return;
  fields.push("Via", `${ctx.endpoint!.spec.http2 || ctx.route!.grpc ? "2.0" : "1.1"} gateway`);
}

/** The request id is echoed once, and a backend that is a gateway keeps its own mark to itself. */
function dropOwn(fields: string[], idName: string): void {
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!;
    if (
      (name.length === idName.length && name.toLowerCase() === idName) ||
      (name.length === 9 && OWN_FIELDS.has(name.toLowerCase()))
    ) {
      return dropFields(fields, new Set([idName, ...OWN_FIELDS]));
    }
  }
}

function isSource(body: Reply["body"]): body is ReplySource {
  return typeof body === "object" && "start" in body;
}

/** Keeps what a filter throws from those that write: the reply is cut off, the process lives on. */
class GuardedWriter implements ReplyWriter {
  readonly #ctx: RequestContext;
  readonly #to: ReplyWriter;

  constructor(ctx: RequestContext, to: ReplyWriter) {
    this.#ctx = ctx;
    this.#to = to;
  }

  write(chunk: Buffer, release: (() => void) | null): boolean {
    try {
      return this.#to.write(chunk, release);
    } catch (error) {
      this.#ctx.defects!.defect(this.#ctx, error);
      return true;
    }
  }

  end(last: Buffer | null, trailers: readonly string[]): void {
    try {
      this.#to.end(last, trailers);
    } catch (error) {
      this.#ctx.defects!.defect(this.#ctx, error);
    }
  }

  flush(): void {
    try {
      this.#to.flush();
    } catch (error) {
      this.#ctx.defects!.defect(this.#ctx, error);
    }
  }
}

/** Gathers what filters make of a small body, so that its length is known. */
class WholeBody implements ReplyWriter {
  readonly #chunks: Buffer[] = [];
  readonly #send: (bytes: Buffer) => void;

  constructor(send: (bytes: Buffer) => void) {
    this.#send = send;
  }

  write(chunk: Buffer, release: (() => void) | null): boolean {
    this.#chunks.push(release === null ? Buffer.from(chunk) : chunk);
    release?.();
    return true;
  }

  end(last: Buffer | null): void {
    if (last !== null) this.#chunks.push(last);
    this.#send(this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks));
  }

  flush(): void {}
}
