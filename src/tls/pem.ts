// Splits PEM (RFC 7468) into blocks, and refuses files that are damaged in part.
import { TlsFault } from "./fault.ts";

/** What no text has; what is not UTF-8 was read as U+FFFD. */
const BINARY = /[\0-\x08\x0e-\x1f\ufffd]/;
const FORMATS =
  "PEM is text; convert DER with openssl x509 or openssl pkey and -inform der, and set PKCS#12 files with pkcs12File";

/** One block. */
export interface PemBlock {
  /** Such as `CERTIFICATE`. */
  readonly label: string;
  readonly der: Buffer;
  /** The block with its markers, without the text around it. */
  readonly text: string;
}

/**
 * The blocks of a text. Comments between them are skipped, as tools write them. Remains of a damaged block are an error,
 * because a trust anchor or revocation list that is skipped unnoticed changes which clients are admitted.
 * @throws TlsFault naming the line
 */
export function pemBlocks(text: string): readonly PemBlock[] {
  const blocks: PemBlock[] = [];
  let open: { readonly label: string; readonly line: number; readonly body: string[] } | null = null;
  for (const [index, untrimmed] of text.split("\n").entries()) {
    const line = untrimmed.trim();
    const [, edge, label] = /^-----(BEGIN|END) ([A-Z0-9 ]+)-----$/.exec(line) ?? [];
    if (open === null) {
      if (edge === "BEGIN") open = { label: label!, line: index + 1, body: [] };
      else {
        if (index === 0 && !line.startsWith("#") && BINARY.test(line))
          throw new TlsFault(`line 1 is binary: ${FORMATS}`);
        if (isDamage(line)) throw new TlsFault(`line ${index + 1} is part of a damaged PEM block`);
      }
    } else if (edge === "END" && label === open.label) {
      blocks.push(blockOf(open.label, open.body, open.line));
      open = null;
    } else if (line.includes("-----")) break;
    else open.body.push(line);
  }
  if (open !== null) throw new TlsFault(`the PEM block at line ${open.line} has no END line`);
  return blocks;
}

/** Whether a line outside of blocks looks like part of one: a malformed marker, base64, or binary data. */
function isDamage(line: string): boolean {
  if (line.startsWith("#")) return false;
  return line.includes("-----") || BINARY.test(line) || /^[A-Za-z0-9+/]{32,}={0,2}$/.test(line);
}

function blockOf(label: string, body: readonly string[], line: number): PemBlock {
  const afterHeaders = body.findLastIndex((each) => each.includes(":")) + 1; // headers of RFC 1421, in traditional encrypted keys
  const base64 = body.slice(afterHeaders).join("");
  if (base64 === "" || base64.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64))
    throw new TlsFault(`the PEM block at line ${line} is damaged: it is not base64`);
  const text = [`-----BEGIN ${label}-----`, ...body, `-----END ${label}-----`, ""].join("\n");
  return { label, der: Buffer.from(base64, "base64"), text };
}

/** Encodes DER as one PEM block. */
export function pemOf(label: string, der: Buffer): string {
  const lines = der.toString("base64").replace(/.{64}(?=.)/g, "$&\n");
  return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`;
}
