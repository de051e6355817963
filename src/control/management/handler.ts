// Handles one call of the management API: checks the peer and its credential, finds the operation, runs it and logs it.
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Log } from "../../core/log.ts";
import { type CidrMatch, plainAddress } from "../../wire/cidr.ts";
import { type Answer, CallError, json } from "./answer.ts";
import { readBody } from "./body.ts";
import type { Gatekeeper } from "./credentials.ts";
import type { OpenFeeds } from "./event-feed.ts";
import type { Found, OperationTable } from "./operation.ts";
import { isForeign } from "./same-origin.ts";

/** Settings and operations of one listener. */
interface HandlerParts {
  readonly basePath: string;
  /** Host the listener is bound to. */
  readonly host: string;
  readonly mayAsk: CidrMatch;
  /** null when no credential is required. */
  readonly gatekeeper: Gatekeeper | null;
  readonly table: OperationTable;
  readonly feeds: OpenFeeds;
  readonly log: Log;
}

/** Answers a request; never throws. */
export function answerCall(parts: HandlerParts, request: IncomingMessage, response: ServerResponse): void {
  respond(parts, request).then(
    (responded) => {
      write(parts, request, response, responded);
      request.resume(); // discards what is left of a body that was not read
    },
    // The client went away in the middle of its request.
    () => response.destroy(),
  );
}

interface Responded {
  readonly answer: Answer;
  readonly fields: Readonly<Record<string, string>>;
}

function write(parts: HandlerParts, request: IncomingMessage, response: ServerResponse, responded: Responded): void {
  const { status, contentType, body } = responded.answer;
  const head = {
    "Content-Type": contentType,
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    ...responded.fields,
  };
  if (typeof body === "string" || Buffer.isBuffer(body)) {
    response.writeHead(status, { ...head, "Content-Length": Buffer.byteLength(body) }).end(body);
    return;
  }
  if (request.method === "HEAD") return void response.writeHead(status, head).end();
  const peer = addressOf(request);
  const error = parts.feeds.refusal(peer);
  if (error !== null) return write(parts, request, response, { answer: json({ error }, 429), fields: {} });
  response.writeHead(status, head);
  parts.feeds.send(body, peer, response);
}

async function respond(parts: HandlerParts, request: IncomingMessage): Promise<Responded> {
  try {
    return { answer: await perform(parts, request), fields: {} };
  } catch (error) {
    if (error instanceof CallError) {
      return { answer: json({ error: error.message }, error.status), fields: error.fields };
    }
    if (request.readableAborted) throw error;
    parts.log.error("management call failed with an internal error", { stack: (error as Error).stack });
    return { answer: json({ error: "Internal error" }, 500), fields: {} };
  }
}

async function perform(parts: HandlerParts, request: IncomingMessage): Promise<Answer> {
  const address = addressOf(request);
  if (!parts.mayAsk(address)) throw new CallError(403, "This address is not allowed to use the management API");
  if (isForeign(request.headers, parts.gatekeeper === null ? parts.host : null)) {
    throw new CallError(403, "Calls from web pages of other origins are refused");
  }
  const [path = "", query = ""] = splitOnce(request.url ?? "", "?");
  if (!path.startsWith(`${parts.basePath}/`)) throw new CallError(404, "Not found");
  const below = path.slice(parts.basePath.length);
  const found = attempt(() => parts.table.find(request.method ?? "", below));
  const isOpen = !(found instanceof CallError) && found.operation.open === true;
  const who = isOpen ? "" : identify(parts, request, query, address);
  if (found instanceof CallError) throw found;
  if (found.operation.method === "GET") return found.operation.run({ params: found.params, body: undefined });
  return change(parts, found, request, { call: `${found.operation.method} ${below}`, by: address, user: who });
}

/** Runs an operation that changes something, and logs it, whether it succeeded or not. */
async function change(
  parts: HandlerParts,
  { operation, params }: Found,
  request: IncomingMessage,
  facts: Readonly<Record<string, string>>,
): Promise<Answer> {
  const body = await readBody(request);
  let status = 500;
  try {
    const answer = await operation.run({ params, body });
    status = answer.status;
    return answer;
  } catch (error) {
    if (error instanceof CallError) status = error.status;
    throw error;
  } finally {
    // An accepted body contains only known keys; a rejected one may contain secrets sent by mistake.
    parts.log.info("Management call", { ...facts, ...(status < 400 && body !== undefined ? { body } : {}), status });
  }
}

function addressOf(request: IncomingMessage): string {
  return plainAddress(request.socket.remoteAddress ?? "");
}

/** @throws CallError 401; 429 while too many credentials from the address were wrong */
function identify({ gatekeeper, log }: HandlerParts, request: IncomingMessage, query: string, address: string): string {
  if (gatekeeper === null) return "anyone";
  const { check, failures } = gatekeeper;
  const { authorization } = request.headers;
  const token = new URLSearchParams(query).get("token");
  const isShown = authorization !== undefined || token !== null;
  const waitMs = isShown ? failures.waitFor(address) : 0;
  if (waitMs > 0)
    throw new CallError(429, "Too many invalid credentials", { "Retry-After": String(Math.ceil(waitMs / 1000)) });
  const who = check.identify(authorization, token);
  if (who !== null) return who;
  if (isShown) {
    failures.failed(address);
    log.warn("Invalid credential for the management API", { by: address });
  }
  throw new CallError(401, check.refusal, { "WWW-Authenticate": check.challenge });
}

/**
 * The operation, or the refusal of the path or method. It is returned so that it can be sent after the credential was
 * checked: a caller without one learns nothing of the paths.
 */
function attempt(find: () => Found): Found | CallError {
  try {
    return find();
  } catch (error) {
    if (error instanceof CallError) return error;
    throw error;
  }
}

function splitOnce(text: string, separator: string): string[] {
  const at = text.indexOf(separator);
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}
