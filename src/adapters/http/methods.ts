// Rejects requests of other protocols that llhttp accepts, and answers bytes that it does not accept.
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { ErrorCode } from "../../core/errors.ts";
import { byteText, isKnownMethod } from "../scan.ts";

/** What Node keeps at a socket it parses. */
interface Parsed extends Socket {
  readonly parser?: { getCurrentBuffer(): Buffer | undefined } | null;
}

/** What Node adds to an error of its parser. */
interface ParseError extends NodeJS.ErrnoException {
  /** What llhttp expected, in words. */
  readonly reason?: string;
  readonly rawPacket?: Buffer;
  readonly bytesParsed?: number;
}

/**
 * Whether a request is one of RTSP or ICE. llhttp reads them like HTTP and keeps to itself what the request line says, so the
 * read it is parsing is looked at, where the method is one those protocols have. To be asked while it parses.
 */
export function isForeign(request: IncomingMessage): boolean {
  const method = request.method!;
  if (!isKnownMethod(method)) return true; // DESCRIBE, PLAY and others are taken for RTSP only
  const shared = method === "OPTIONS" || method === "SOURCE";
  if (!shared && (request.httpVersionMinor === 1 || (method !== "GET" && method !== "POST"))) return false;
  const bytes = (request.socket as Parsed).parser?.getCurrentBuffer();
  if (bytes === undefined) return false;
  const line = `${method} ${request.url} `;
  return bytes.includes(`${line}RTSP/`, 0, "latin1") || bytes.includes(`${line}ICE/`, 0, "latin1");
}

/** What is answered where no request was found, and why, for the log. */
export interface Fault {
  readonly code: ErrorCode;
  readonly detail: string;
}

/** What is answered where the parser found no request. */
export function faultOf(error: ParseError): Fault {
  if (error.code === "HPE_HEADER_OVERFLOW") return { code: "headers_too_large", detail: "" };
  if (error.code === "ERR_HTTP_REQUEST_TIMEOUT") return { code: "request_timeout", detail: "" };
  return { code: stoppedAtMethod(error) ? "method_unknown" : "bad_request", detail: causeOf(error) };
}

/** Errors of the parser that lie in a header field. */
const IN_FIELD: ReadonlySet<string> = new Set([
  "HPE_INVALID_HEADER_TOKEN",
  "HPE_INVALID_CONTENT_LENGTH",
  "HPE_UNEXPECTED_CONTENT_LENGTH",
  "HPE_INVALID_TRANSFER_ENCODING",
  "HPE_LF_EXPECTED",
  "HPE_CR_EXPECTED",
]);

/** Why the parser stopped, for the log: its reason, the byte, and the name of the field, never a value. */
export function causeOf({ code = "", reason = code, rawPacket, bytesParsed = 0 }: ParseError): string {
  const byte = rawPacket?.[bytesParsed];
  if (rawPacket === undefined || byte === undefined) return reason;
  const from = bytesParsed === 0 ? 0 : rawPacket.lastIndexOf(0x0a, bytesParsed - 1) + 1;
  const start = rawPacket.toString("latin1", from, Math.min(rawPacket.length, from + 65));
  const name = IN_FIELD.has(code) ? /^([!#$%&'*+\-.^_`|~0-9A-Za-z]{1,64}):/.exec(start)?.[1] : undefined;
  return `${reason}: byte ${byteText(byte)}${name === undefined ? "" : ` in the field ${name}`}`;
}

/** Whether the parser stopped at a request line that is well-formed but for a method it does not know. */
function stoppedAtMethod(error: ParseError): boolean {
  const { rawPacket, bytesParsed = 0 } = error;
  // The second is that of methods llhttp knows, but not in HTTP.
  const inLine = error.code === "HPE_INVALID_METHOD" || error.code === "HPE_INVALID_CONSTANT";
  if (!inLine || rawPacket === undefined) return false;
  const from = rawPacket.lastIndexOf(0x0a, bytesParsed) + 1;
  const line = rawPacket.toString("latin1", from, rawPacket.indexOf(0x0a, from));
  const [, method] = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+) [\x21-\x7e\x80-\xff]+ HTTP\/1\.[01]\r$/.exec(line) ?? [];
  return method !== undefined && !isKnownMethod(method);
}
