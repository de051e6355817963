// Reads the ClientHello before the handshake begins: the server name the client requests and the protocols it offers.

/** The parts of a ClientHello (RFC 8446 §4.1.2) by which a certificate is chosen. */
export interface ClientHello {
  /** Server name (RFC 6066 §3), lower-case, without a trailing dot; "" if there is none. */
  readonly serverName: string;
  /** Protocols offered through ALPN (RFC 7301), in the client's order. */
  readonly protocols: readonly string[];
}

/** Longest ClientHello that is read, bytes. A longer one is treated as one without a server name. */
const MAX_BYTES = 16 * 1024;
const NOTHING: ClientHello = { serverName: "", protocols: [] };

const RECORD_HEADER = 5;
const HANDSHAKE_HEADER = 4;
const HANDSHAKE_RECORD = 22;
const CLIENT_HELLO = 1;
const SERVER_NAME = 0;
const ALPN = 16;

/**
 * Reads the ClientHello at the beginning of a connection.
 * @returns null if more bytes are needed; an empty one for bytes that are not a ClientHello, which OpenSSL then refuses
 */
export function readClientHello(bytes: Buffer): ClientHello | null {
  const message = handshakeMessage(bytes);
  if (message === "incomplete") return bytes.length < MAX_BYTES ? null : NOTHING;
  return message === null ? NOTHING : (helloOf(message) ?? NOTHING);
}

/** The first handshake message, which may span records (RFC 8446 §5.1), without its header; null if it is no ClientHello. */
function handshakeMessage(bytes: Buffer): Buffer | "incomplete" | null {
  const parts: Buffer[] = [];
  const header = Buffer.alloc(HANDSHAKE_HEADER);
  let have = 0;
  for (let at = 0; ; ) {
    if (at < bytes.length && bytes[at] !== HANDSHAKE_RECORD) return null;
    if (bytes.length < at + RECORD_HEADER) return "incomplete";
    const length = bytes.readUInt16BE(at + 3);
    if (length === 0 || length > MAX_BYTES) return null;
    const part = bytes.subarray(at + RECORD_HEADER, at + RECORD_HEADER + length);
    if (have < HANDSHAKE_HEADER) part.copy(header, have);
    parts.push(part);
    have += part.length;
    if (have > 0 && header[0] !== CLIENT_HELLO) return null;
    if (have >= HANDSHAKE_HEADER) {
      const total = HANDSHAKE_HEADER + header.readUIntBE(1, 3);
      if (total > MAX_BYTES) return null;
      if (have >= total) return (parts.length === 1 ? part : Buffer.concat(parts)).subarray(HANDSHAKE_HEADER, total);
    }
    if (part.length < length) return "incomplete";
    at += RECORD_HEADER + length;
  }
}

function helloOf(message: Buffer): ClientHello | null {
  const reader = new Reader(message);
  reader.skip(2 + 32); // version, random
  reader.vector(1); // session
  reader.vector(2); // cipher suites
  reader.vector(1); // compression
  const extensions = reader.vector(2);
  let serverName = "";
  let protocols: readonly string[] = [];
  while (!extensions.atEnd) {
    const type = extensions.uint(2);
    const content = extensions.vector(2);
    if (type === SERVER_NAME) serverName = nameOf(content);
    else if (type === ALPN) protocols = protocolsOf(content);
  }
  return reader.failed || extensions.failed ? null : { serverName, protocols };
}

function nameOf(content: Reader): string {
  const names = content.vector(2);
  while (!names.atEnd) {
    const type = names.uint(1);
    const name = names.vector(2);
    if (type === 0) return name.text.toLowerCase().replace(/\.$/, "");
  }
  return "";
}

function protocolsOf(content: Reader): readonly string[] {
  const list = content.vector(2);
  const protocols: string[] = [];
  while (!list.atEnd) protocols.push(list.vector(1).text);
  return protocols;
}

/** Reads consecutive fields. A read beyond the end sets `failed`, after which every read returns nothing. */
class Reader {
  readonly #bytes: Buffer;
  #at = 0;
  failed = false;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get atEnd(): boolean {
    return this.failed || this.#at === this.#bytes.length;
  }

  get text(): string {
    return this.#bytes.toString("latin1");
  }

  skip(count: number): void {
    this.#take(count);
  }

  uint(width: number): number {
    const at = this.#take(width);
    return this.failed ? 0 : this.#bytes.readUIntBE(at, width);
  }

  /** The bytes that follow a length field of `width` bytes. */
  vector(width: number): Reader {
    const length = this.uint(width);
    const at = this.#take(length);
    const inner = new Reader(this.failed ? Buffer.alloc(0) : this.#bytes.subarray(at, at + length));
    inner.failed = this.failed;
    return inner;
  }

  #take(count: number): number {
    const at = this.#at;
    if (at + count > this.#bytes.length) this.failed = true;
    else this.#at += count;
    return at;
  }
}
