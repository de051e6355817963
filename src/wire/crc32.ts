// CRC-32 (IEEE 802.3) over a piece of text, without allocating: `zlib.crc32` is not in every Node 20.

const TABLE = tableOf();

/**
 * CRC-32 of the characters of `text` from `from` up to `to`, one byte each: header fields are Latin-1 already.
 * @param crc of what stands before it; 0 at the beginning
 */
export function crc32(text: string, from = 0, to = text.length, crc = 0): number {
  let rest = ~crc;
  for (let i = from; i < to; i++) rest = TABLE[(rest ^ text.charCodeAt(i)) & 0xff]! ^ (rest >>> 8);
  return ~rest >>> 0;
}

function tableOf(): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, byte) => {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
    return value;
  });
}
