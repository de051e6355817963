// Whether an upgrade request is a WebSocket handshake (RFC 6455 §4.2.1), and what is answered when it is not.
import type { IncomingMessage } from "node:http";
import type { ErrorCode } from "../../core/errors.ts";
import { getField } from "../../wire/fields.ts";
import type { Scan } from "./scan.ts";

/** 16 bytes in base64: 22 digits, of which the last carries two bits, and the padding. */
const KEY = /^[A-Za-z0-9+/]{21}[AQgw]==$/;

/** Why the handshake is refused, or null. */
export function handshakeRefusal(request: IncomingMessage, scan: Scan): ErrorCode | null {
  const fields = request.rawHeaders;
  const key = getField(fields, "sec-websocket-key");
  const wellFormed =
    request.method === "GET" && request.httpVersionMinor === 1 && key !== undefined && KEY.test(key) && onlyKey(fields);
  // Behind the head of a handshake come frames. A body there could be read two ways.
  if (!wellFormed || scan.bodyLength !== 0) return "bad_request";
  return getField(fields, "sec-websocket-version") === "13" ? null : "websocket_version";
}

function onlyKey(fields: readonly string[]): boolean {
  let count = 0;
  for (let i = 0; i < fields.length; i += 2) if (fields[i]!.toLowerCase() === "sec-websocket-key") count++;
  return count === 1;
}
