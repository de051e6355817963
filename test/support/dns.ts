// A DNS server on 127.0.0.1 that knows some names, and a folder of the files a system keeps about names.
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** What it says of a name: IPv4 addresses, an error (RFC 1035 §4.1.1), or nothing ever. By `name AAAA` for IPv6 alone. */
export type Zone = Readonly<Record<string, readonly string[] | "SERVFAIL" | "NXDOMAIN" | "silence">>;

/** A server and what it was asked. */
export interface DnsServer {
  /** As `nameserver` of a resolv.conf. */
  readonly place: string;
  zone: Zone;
  /** Names asked for, in order; those for IPv6 end with ` AAAA`. */
  readonly asked: string[];
  close(): void;
}

const TYPE_A = 1;
const SERVFAIL = 2;
const NXDOMAIN = 3;

/** Starts it. Names it does not know do not exist. No name has an IPv6 address. */
export async function dnsServer(zone: Zone): Promise<DnsServer> {
  const socket = createSocket("udp4");
  socket.on("message", (query, peer) => {
    const labels: string[] = [];
    let at = 12;
    for (; query[at] !== 0; at += query[at]! + 1) labels.push(query.toString("latin1", at + 1, at + 1 + query[at]!));
    const name = labels.join(".").toLowerCase();
    const type = query.readUInt16BE(at + 1);
    server.asked.push(type === TYPE_A ? name : `${name} AAAA`);
    const known = (type === TYPE_A ? undefined : server.zone[`${name} AAAA`]) ?? server.zone[name] ?? "NXDOMAIN";
    if (known === "silence") return;
    const answers = typeof known === "object" && type === TYPE_A ? known : [];
    const head = Buffer.from(query.subarray(0, at + 5));
    head.writeUInt16BE(0x8180 | (known === "NXDOMAIN" ? NXDOMAIN : known === "SERVFAIL" ? SERVFAIL : 0), 2);
    head.writeUInt16BE(answers.length, 6);
    head.writeUInt32BE(0, 8);
    const records = answers.map((address) =>
      Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, ...address.split(".").map(Number)]),
    );
    socket.send(Buffer.concat([head, ...records]), peer.port, peer.address);
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  const server: DnsServer = {
    place: `127.0.0.1:${socket.address().port}`,
    zone,
    asked: [],
    close: () => socket.close(),
  };
  return server;
}

/** Files in a folder of their own. */
export class NameFolder {
  readonly #folder = mkdtempSync(join(tmpdir(), "gateway-names-"));
  readonly hosts = join(this.#folder, "hosts");
  readonly resolvConf = join(this.#folder, "resolv.conf");
  readonly nsswitch = join(this.#folder, "nsswitch.conf");

  write(file: "hosts" | "resolvConf" | "nsswitch", text: string): void {
    writeFileSync(this[file], text);
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true });
  }
}
