// The header fields that forward the certificate of a client to a backend (RFC 9440).

/** Most bytes in both values together, so that a request head with other fields stays within common limits of backends. */
const MAX_BYTES = 16 * 1024;

/** Values of the two fields. */
interface ClientCertFields {
  /** `Client-Cert`. */
  readonly cert: string;
  /** `Client-Cert-Chain`; "" = the field is not sent, because the client sent no other certificates. */
  readonly chain: string;
}

/**
 * Encodes certificates as byte sequences (RFC 8941 §3.3.5).
 * @param leaf certificate of the client, DER
 * @param chain the certificates it sent after its own, in order, DER
 * @returns null if the values would exceed 16 KiB
 */
export function clientCertFields(leaf: Buffer, chain: readonly Buffer[]): ClientCertFields | null {
  const lengths = [leaf, ...chain].map(({ length }) => 4 * Math.ceil(length / 3) + 4);
  if (lengths.reduce((sum, length) => sum + length, 0) > MAX_BYTES) return null;
  return { cert: byteSequence(leaf), chain: chain.map(byteSequence).join(", ") };
}

function byteSequence(bytes: Buffer): string {
  return `:${bytes.toString("base64")}:`;
}
