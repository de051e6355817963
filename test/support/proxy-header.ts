// Headers of the PROXY protocol as a load balancer writes them.
import { isIPv4, SocketAddress } from "node:net";
import { crc32c } from "../../src/wire/crc32.ts";

/** Both ends of a client's connection to the load balancer. */
export interface Ends {
  readonly source: string;
  readonly destination: string;
  readonly sourcePort: number;
  readonly destinationPort: number;
}

/** A client and a load balancer of documentation addresses. */
export const IPV4_ENDS: Ends = {
  source: "203.0.113.7",
  destination: "198.51.100.1",
  sourcePort: 40_000,
  destinationPort: 443,
};
export const IPV6_ENDS: Ends = { ...IPV4_ENDS, source: "2001:db8::7", destination: "2001:db8::1" };

const SIGNATURE = Buffer.from("\r\n\r\n\0\r\nQUIT\n", "latin1");

/** Version 1. */
export function textHeader(ends = IPV4_ENDS): Buffer {
  const family = isIPv4(ends.source) ? "TCP4" : "TCP6";
  const { source, destination, sourcePort, destinationPort } = ends;
  return Buffer.from(`PROXY ${family} ${source} ${destination} ${sourcePort} ${destinationPort}\r\n`);
}

/** Version 2. @param extensions TLVs behind the addresses */
export function binaryHeader(ends = IPV4_ENDS, extensions: Buffer = Buffer.alloc(0)): Buffer {
  const addresses = [ends.source, ends.destination].map(addressBytes);
  const ports = Buffer.alloc(4);
  ports.writeUInt16BE(ends.sourcePort, 0);
  ports.writeUInt16BE(ends.destinationPort, 2);
  return binaryBlock(0x21, isIPv4(ends.source) ? 0x11 : 0x21, Buffer.concat([...addresses, ports, extensions]));
}

/** Version 2 from its parts. */
export function binaryBlock(versionAndCommand: number, familyAndTransport: number, rest: Buffer): Buffer {
  const fixed = Buffer.from([
    ...SIGNATURE,
    versionAndCommand,
    familyAndTransport,
    rest.length >> 8,
    rest.length & 0xff,
  ]);
  return Buffer.concat([fixed, rest]);
}

/** An extension of version 2. */
export function tlv(type: number, value: Buffer): Buffer {
  return Buffer.concat([Buffer.from([type, value.length >> 8, value.length & 0xff]), value]);
}

/** Version 2 with a checksum, between other extensions. */
export function checkedHeader(ends = IPV4_ENDS): Buffer {
  const before = tlv(0xea, Buffer.from("vpce-1"));
  const after = tlv(0x04, Buffer.alloc(7));
  const header = binaryHeader(ends, Buffer.concat([before, tlv(0x03, Buffer.alloc(4)), after]));
  header.writeUInt32BE(crc32c(header), header.length - after.length - 4);
  return header;
}

function addressBytes(text: string): Buffer {
  if (isIPv4(text)) return Buffer.from(text.split(".").map(Number));
  const { address } = new SocketAddress({ address: text, family: "ipv6" });
  const [head = "", tail = ""] = address.split("::");
  const groups = (part: string) => (part === "" ? [] : part.split(":"));
  const zeros = Array<string>(8 - groups(head).length - groups(tail).length).fill("0");
  const all = address.includes("::") ? [...groups(head), ...zeros, ...groups(tail)] : groups(head);
  return Buffer.from(all.map((group) => group.padStart(4, "0")).join(""), "hex");
}
