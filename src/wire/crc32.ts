// CRC-32 without allocating: of text by the polynomial of IEEE 802.3 (`zlib.crc32` is not in every Node 20), of bytes by
// that of Castagnoli.

const IEEE = tableOf(0xedb88320);
const CASTAGNOLI = tableOf(0x82f63b78);

/**
 * CRC-32 of the characters of `text` from `from` up to `to`, one byte each: header fields are Latin-1 already.
 * @param crc of what stands before it; 0 at the beginning
 */
export function crc32(text: string, from = 0, to = text.length, crc = 0): number {
  let rest = ~crc;
  for (let i = from; i < to; i++) rest = IEEE[(rest ^ text.charCodeAt(i)) & 0xff]! ^ (rest >>> 8);
  return ~rest >>> 0;
}

/**
 * CRC-32C (RFC 9260 appendix A) of `bytes`.
 * @param crc of what stands before them; 0 at the beginning
 */
export function crc32c(bytes: Uint8Array, crc = 0): number {
  let rest = ~crc;
  for (const byte of bytes) rest = CASTAGNOLI[(rest ^ byte) & 0xff]! ^ (rest >>> 8);
  return ~rest >>> 0;
}

/** @param polynomial with its bits reversed */
function tableOf(polynomial: number): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, byte) => {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? polynomial ^ (value >>> 1) : value >>> 1;
    return value;
  });
}
