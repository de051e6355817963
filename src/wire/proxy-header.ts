// The header of HAProxy's PROXY protocol, versions 1 and 2: the address of the client behind a TCP load balancer
// (https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt).
import { isIPv4, isIPv6 } from "node:net";
import { plainAddress } from "./cidr.ts";
import { crc32c } from "./crc32.ts";

/** A complete header. */
export interface ProxyHeader {
  /** `LOCAL`: the connection is the load balancer's own, such as a health check. */
  readonly command: "LOCAL" | "PROXY";
  /** Address of the client; null for `LOCAL`, and for a client without an IP address. */
  readonly source: { readonly address: string; readonly port: number } | null;
  /** Length of the header in bytes; the bytes of the client follow. */
  readonly size: number;
}

/**
 * The bytes received so far: `header` = they begin with a complete header; `more` = with an incomplete one; `absent` = with
 * something else; `malformed` = with an invalid header. Further bytes change the result only for `more`.
 */
export type ProxyHeaderState =
  | ({ readonly is: "header" } & ProxyHeader)
  | { readonly is: "more" }
  | { readonly is: "absent" }
  | { readonly is: "malformed"; readonly reason: string };

/** Longest header of version 1, with its line end. */
const MAX_TEXT = 107;
/** Longest header of version 2 that is accepted, bytes; the format allows 64 KiB. */
const MAX_BINARY = 4096;
const TEXT_START = Buffer.from("PROXY ");
const SIGNATURE = Buffer.from("\r\n\r\n\0\r\nQUIT\n", "latin1");
/** Signature, version and command, family and transport, length of the rest. */
const FIXED = 16;
/** Bytes of the two addresses, with their ports, by family: unspecified, IPv4, IPv6, UNIX. */
const ADDRESS_BYTES = [0, 12, 36, 216];
/** Type of the TLV with a CRC-32C of the header. */
const TLV_CRC32C = 0x03;
const TLV_HEAD = 3;

const MORE: ProxyHeaderState = { is: "more" };

/** Parses the first bytes of a connection. Never throws, and reads nothing beyond the end of the header. */
export function readProxyHeader(bytes: Buffer): ProxyHeaderState {
  if (bytes.length === 0) return MORE;
  const start = bytes[0] === SIGNATURE[0] ? SIGNATURE : TEXT_START;
  const known = Math.min(start.length, bytes.length);
  if (!bytes.subarray(0, known).equals(start.subarray(0, known))) return { is: "absent" };
  if (known < start.length) return MORE;
  return start === SIGNATURE ? readBinary(bytes) : readText(bytes);
}

/** `PROXY TCP4 192.0.2.1 192.0.2.2 40000 443`. */
function readText(bytes: Buffer): ProxyHeaderState {
  const end = bytes.subarray(0, MAX_TEXT).indexOf("\n");
  if (end === -1) return bytes.length < MAX_TEXT ? MORE : malformed("longer than 107 bytes");
  const line = bytes.toString("latin1", 0, end);
  if (!line.endsWith("\r")) return malformed("a line that does not end with CR LF");
  const [, family, source, destination, sourcePort, destinationPort, surplus] = line.slice(0, -1).split(" ");
  const size = end + 1;
  if (family === "UNKNOWN") return { is: "header", command: "PROXY", source: null, size };
  const isAddress = family === "TCP4" ? isIPv4 : family === "TCP6" ? isPlainIPv6 : null;
  if (isAddress === null) return malformed("an unknown family");
  if (surplus !== undefined || !isPort(sourcePort) || !isPort(destinationPort)) return malformed("a bad port");
  if (!isAddress(source ?? "") || !isAddress(destination ?? "")) return malformed("a bad address");
  return {
    is: "header",
    command: "PROXY",
    source: { address: plainAddress(source!), port: Number(sourcePort) },
    size,
  };
}

/** An IPv6 address without a zone, which is meaningful only on the sending machine. */
function isPlainIPv6(text: string): boolean {
  return isIPv6(text) && !text.includes("%");
}

function isPort(text = ""): boolean {
  return /^(?:0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65_535;
}

function readBinary(bytes: Buffer): ProxyHeaderState {
  if (bytes.length < FIXED) return MORE;
  const command = bytes[12]! & 0x0f;
  const family = bytes[13]! >> 4;
  const transport = bytes[13]! & 0x0f;
  const size = FIXED + bytes.readUInt16BE(14);
  if (bytes[12]! >> 4 !== 2) return malformed("an unknown version");
  if (command > 1) return malformed("an unknown command");
  if (size > MAX_BINARY) return malformed("longer than 4096 bytes");
  if (bytes.length < size) return MORE;
  // The rest of a LOCAL header must be discarded unread (§2.2).
  if (command === 0) return { is: "header", command: "LOCAL", source: null, size };
  if (family >= ADDRESS_BYTES.length || transport > 2) return malformed("an unknown family");
  const addresses = FIXED + ADDRESS_BYTES[family]!;
  if (size < addresses) return malformed("addresses longer than the header");
  const header = bytes.subarray(0, size);
  const fault = faultOfTlvs(header, addresses);
  if (fault !== null) return malformed(fault);
  return { is: "header", command: "PROXY", source: transport === 0 ? null : sourceOf(header, family), size };
}

function sourceOf(header: Buffer, family: number): ProxyHeader["source"] {
  if (family === 1) {
    return { address: header.subarray(FIXED, FIXED + 4).join("."), port: header.readUInt16BE(FIXED + 8) };
  }
  if (family !== 2) return null;
  const groups = header.toString("hex", FIXED, FIXED + 16).match(/.{4}/g)!;
  return { address: plainAddress(groups.join(":")), port: header.readUInt16BE(FIXED + 32) };
}

/** The fault in the extensions (TLVs) after the addresses; null if there is none. */
function faultOfTlvs(header: Buffer, from: number): string | null {
  let at = from;
  while (at < header.length) {
    if (at + TLV_HEAD > header.length) return "an extension cut short";
    const length = header.readUInt16BE(at + 1);
    const value = at + TLV_HEAD;
    if (value + length > header.length) return "an extension longer than the header";
    if (header[at] === TLV_CRC32C && (length !== 4 || header.readUInt32BE(value) !== checksum(header, value)))
      return "a wrong checksum";
    at = value + length;
  }
  return null;
}

/** CRC-32C of the header with zeros in place of the checksum's own four bytes. */
function checksum(header: Buffer, at: number): number {
  const before = crc32c(header.subarray(0, at));
  return crc32c(header.subarray(at + 4), crc32c(new Uint8Array(4), before));
}

function malformed(reason: string): ProxyHeaderState {
  return { is: "malformed", reason };
}
