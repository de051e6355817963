// Splits PEM (RFC 7468) in its blocks, and refuses a file of which a part was damaged.
import { TlsFault } from "./fault.ts";

/** One block. */
export interface PemBlock {
  /** Such as `CERTIFICATE`. */
  readonly label: string;
  readonly der: Buffer;
  /** The block with its markers, whatever stands around it left out. */
  readonly text: string;
}

/**
 * The blocks of a text. Between them comments may stand, as tools write them, but nothing that was a block or part of one:
 * a trust anchor or revocation list that got lost unnoticed would decide who may enter.
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
      else if (isDamage(line)) throw new TlsFault(`line ${index + 1} is a part of a PEM block that is not whole`);
    } else if (edge === "END" && label === open.label) {
      blocks.push(blockOf(open.label, open.body, open.line));
      open = null;
    } else if (line.includes("-----")) break;
    else open.body.push(line);
  }
  if (open !== null) throw new TlsFault(`the PEM block at line ${open.line} has no end`);
  return blocks;
}

/** Whether a line outside of blocks is no comment: a marker with a slip, base64, or binary. */
function isDamage(line: string): boolean {
  if (line.startsWith("#")) return false;
  return /-----|[\0-\x08\x0e-\x1f\ufffd]/.test(line) || /^[A-Za-z0-9+/]{32,}={0,2}$/.test(line);
}

function blockOf(label: string, body: readonly string[], line: number): PemBlock {
  const afterHeaders = body.findLastIndex((each) => each.includes(":")) + 1; // those of RFC 1421, which old keys have
  const base64 = body.slice(afterHeaders).join("");
  if (base64 === "" || base64.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64))
    throw new TlsFault(`the PEM block at line ${line} is damaged: it is not base64`);
  const text = [`-----BEGIN ${label}-----`, ...body, `-----END ${label}-----`, ""].join("\n");
  return { label, der: Buffer.from(base64, "base64"), text };
}

/** PEM of bytes. */
export function pemOf(label: string, der: Buffer): string {
  const lines = der.toString("base64").replace(/.{64}(?=.)/g, "$&\n");
  return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`;
}
