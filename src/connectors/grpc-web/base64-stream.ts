// Base64 in pieces: gRPC-Web text bodies are cut at any character and may be padded in the middle (PROTOCOL-WEB).

const EMPTY = Buffer.alloc(0);

/** Decodes a stream of base64 text, possibly several padded texts behind each other. */
export class Base64Decoder {
  /** Characters that make no whole group of four yet. */
  #rest = "";

  /** Whether the text seen so far is complete. */
  get whole(): boolean {
    return this.#rest === "";
  }

  /** Decodes what can be decoded. @returns null when there is something else than base64 */
  push(chunk: Buffer): Buffer | null {
    const text = this.#rest + chunk.toString("latin1");
    const whole = text.length - (text.length % 4);
    this.#rest = text.slice(whole);
    // Padding may end any group; a run without padding is one for the decoder.
    const groups = text.slice(0, whole);
    if (!/^[A-Za-z0-9+/=]*$/.test(text)) return null;
    if (!groups.includes("=")) return Buffer.from(groups, "base64");
    return padded(groups);
  }
}

function padded(groups: string): Buffer | null {
  const pieces: Buffer[] = [];
  let from = 0;
  for (let at = groups.indexOf("="); at !== -1; at = groups.indexOf("=", from)) {
    const end = at - (at % 4) + 4;
    if (!/^[^=]{2}([^=]=|==)$/.test(groups.slice(end - 4, end))) return null;
    pieces.push(Buffer.from(groups.slice(from, end), "base64"));
    from = end;
  }
  pieces.push(from < groups.length ? Buffer.from(groups.slice(from), "base64") : EMPTY);
  return Buffer.concat(pieces);
}
