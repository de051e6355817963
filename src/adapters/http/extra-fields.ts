// Interim responses and trailers over node:http.
import { type ServerResponse, STATUS_CODES } from "node:http";
import { isField } from "../../wire/fields.ts";

/**
 * Passes an interim response on. A proxy must, whatever it means (RFC 9110 §15.2), and node:http writes two kinds only, one of
 * them with a well-formed `Link` alone.
 * @param fields as parsed from the backend's head
 */
export function writeInterim(response: ServerResponse, status: number, fields: readonly string[]): void {
  let text = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\n`;
  for (let i = 0; i < fields.length; i += 2) {
    if (!isField(fields[i]!, "content-length")) text += `${fields[i]}: ${fields[i + 1]}\r\n`;
  }
  response.socket?.write(`${text}\r\n`, "latin1");
}

/** A flat list as pairs. */
export function pairsOf(flat: readonly string[]): [string, string][] {
  const list: [string, string][] = [];
  for (let i = 0; i < flat.length; i += 2) list.push([flat[i]!, flat[i + 1]!]);
  return list;
}
