// Parses `Upgrade`: a WebSocket, or another protocol, which a server may ignore (RFC 9110 §7.8).
import type { IncomingMessage } from "node:http";
import { isField } from "../../wire/fields.ts";

/** Whether a WebSocket is among the protocols asked for. */
export function namesWebSocket(fields: readonly string[]): boolean {
  for (let i = 0; i < fields.length; i += 2) {
    if (!isUpgrade(fields[i]!)) continue;
    if (fields[i + 1]!.split(",").some((protocol) => isField(protocol.trim(), "websocket"))) return true;
  }
  return false;
}

/** The request as bytes without its offer, and what came behind its head: to be read again as plain HTTP. */
export function withoutOffer(request: IncomingMessage, behind: Buffer): Buffer {
  const fields = request.rawHeaders;
  let head = `${request.method} ${request.url} HTTP/${request.httpVersion}\r\n`;
  for (let i = 0; i < fields.length; i += 2) {
    if (!isUpgrade(fields[i]!)) head += `${fields[i]}: ${fields[i + 1]}\r\n`;
  }
  return Buffer.concat([Buffer.from(`${head}\r\n`, "latin1"), behind]);
}

function isUpgrade(name: string): boolean {
  return name.length === 7 && isField(name, "upgrade");
}
