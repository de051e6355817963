// gRPC status codes: by name, from the status of HTTP replies, and from text.

/** The codes that are named here (google/rpc/code.proto). */
export const OK = 0;
/** Anything without a better code. */
const UNKNOWN = 2;

/** gRPC code for an HTTP response that is not one of gRPC (grpc/doc/http-grpc-status-mapping.md). */
export function codeOfHttpStatus(status: number): number {
  switch (status) {
    case 400:
      return 13;
    case 401:
      return 16;
    case 403:
      return 7;
    case 404:
      return 12;
    case 429:
    case 502:
    case 503:
    case 504:
      return 14;
    default:
      return UNKNOWN;
  }
}

/** `grpc-status` as a number; a text that is none means UNKNOWN, as the protocol says. */
export function parseCode(text: string): number {
  return /^\d{1,3}$/.test(text) ? Number(text) : UNKNOWN;
}

/** `grpc-message` decoded; bad escapes stay as they are (PROTOCOL-HTTP2, "Status-Message"). */
export function decodeMessage(text: string): string {
  if (!text.includes("%")) return text;
  const bytes: number[] = [];
  for (let i = 0; i < text.length; i++) {
    const hex = text[i] === "%" ? /^[0-9A-Fa-f]{2}/.exec(text.slice(i + 1, i + 3))?.[0] : undefined;
    if (hex === undefined) bytes.push(text.charCodeAt(i) & 0xff);
    else {
      bytes.push(Number.parseInt(hex, 16));
      i += 2;
    }
  }
  return Buffer.from(bytes).toString("utf8");
}
