// The fields that tell a backend the certificate of a client (RFC 9440).

/** Most bytes of both values together: what backends take as a head, with room for all else in it. */
const MAX_BYTES = 16 * 1024;

/** Values of the fields. */
interface ClientCertFields {
  /** Of `Client-Cert`. */
  readonly cert: string;
  /** Of `Client-Cert-Chain`; "" = no such field, because the client sent no further certificates. */
  readonly chain: string;
}

/**
 * Certificates as structured fields (RFC 8941 §3.3.5). @param leaf DER of the client's certificate
 * @param chain DER of those it sent after it, in order @returns null when they are longer than fields may be
 */
export function clientCertFields(leaf: Buffer, chain: readonly Buffer[]): ClientCertFields | null {
  const lengths = [leaf, ...chain].map(({ length }) => 4 * Math.ceil(length / 3) + 4);
  if (lengths.reduce((sum, length) => sum + length, 0) > MAX_BYTES) return null;
  return { cert: byteSequence(leaf), chain: chain.map(byteSequence).join(", ") };
}

function byteSequence(bytes: Buffer): string {
  return `:${bytes.toString("base64")}:`;
}
