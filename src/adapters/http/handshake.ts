// Whether an upgrade request is a WebSocket handshake (RFC 6455 §4.2.1), and the answer if it is not.
import type { IncomingMessage } from "node:http";
import type { ErrorCode } from "../../core/errors.ts";
import { getField } from "../../wire/fields.ts";
import type { Scan } from "../scan.ts";

/** 16 bytes in base64: 22 digits, of which the last carries two bits, and the padding. */
const KEY = /^[A-Za-z0-9+/]{21}[AQgw]==$/;

/** Why the handshake is refused, or null; the reason for the log is noted at `scan.fault`. */
export function handshakeRefusal(request: IncomingMessage, scan: Scan): ErrorCode | null {
  const fields = request.rawHeaders;
  const key = getField(fields, "sec-websocket-key");
  if (request.method !== "GET" || request.httpVersionMinor !== 1)
    scan.fault = "a handshake that is not GET of HTTP/1.1";
  else if (key === undefined || !KEY.test(key)) scan.fault = "no Sec-WebSocket-Key of 16 bytes in base64";
  else if (!onlyKey(fields)) scan.fault = "more than one Sec-WebSocket-Key";
  // Behind the head of a handshake come frames. A body there could be read two ways.
  else if (scan.bodyLength !== 0) scan.fault = "a handshake with a body";
  if (scan.fault !== "") return "bad_request";
  return getField(fields, "sec-websocket-version") === "13" ? null : "websocket_version";
}

function onlyKey(fields: readonly string[]): boolean {
  let count = 0;
  for (let i = 0; i < fields.length; i += 2) if (fields[i]!.toLowerCase() === "sec-websocket-key") count++;
  return count === 1;
}
