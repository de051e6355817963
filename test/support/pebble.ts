// Pebble, the test authority of Let's Encrypt, on free ports, with a certificate that openssl makes and names of our own.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { get } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeAuthority, makeCertificate } from "./certificates.ts";
import { killed } from "./children.ts";
import { dnsServer } from "./dns.ts";
import { freePort } from "./ports.ts";
import { eventually } from "./setup.ts";

/** A running authority. */
export interface Pebble {
  readonly port: number;
  /** URL of its directory. */
  readonly directory: string;
  /** File and text of the anchor of its own HTTPS. */
  readonly caFile: string;
  readonly ca: string;
  /** Where it looks at HTTP-01 and TLS-ALPN-01 challenges, of every name it knows. */
  readonly httpPort: number;
  readonly tlsPort: number;
  /** Lines of its log. */
  readonly lines: readonly string[];
  /** Orders placed since it runs. */
  orders(): number;
  kill(): Promise<void>;
  /** Again, on the same ports; it has forgotten everything. */
  start(): Promise<void>;
  close(): Promise<void>;
}

/** How it is started. */
export interface PebbleSetup {
  /** Names that it finds at 127.0.0.1. */
  readonly names?: readonly string[];
  /** Lifetime of certificates, s. */
  readonly lifetime?: number;
  /** Of a hundred good nonces, how many it refuses. */
  readonly nonceReject?: number;
  /** Keys of external accounts, by id; without them none is demanded. */
  readonly eab?: Readonly<Record<string, string>>;
  readonly httpPort?: number;
  readonly tlsPort?: number;
  readonly started?: boolean;
}

/** Starts one and waits until it answers. */
export async function startPebble(setup: PebbleSetup = {}): Promise<Pebble> {
  const { names = ["one.test"], lifetime = 86_400 * 90, nonceReject = 0, eab } = setup;
  const folder = mkdtempSync(join(tmpdir(), "pebble-test-"));
  const anchor = makeAuthority(folder, "anchor");
  const own = makeCertificate(folder, "pebble", anchor, ["DNS:localhost", "IP:127.0.0.1"]);
  const dns = await dnsServer(Object.fromEntries(names.map((name) => [name, ["127.0.0.1"]])));
  const port = await freePort();
  const { httpPort = await freePort(), tlsPort = await freePort() } = setup;
  const config = {
    listenAddress: `127.0.0.1:${port}`,
    managementListenAddress: "",
    certificate: own.cert,
    privateKey: own.key,
    httpPort,
    tlsPort,
    ocspResponderURL: "",
    externalAccountBindingRequired: eab !== undefined,
    externalAccountMACKeys: eab ?? {},
    certificateValidityPeriod: lifetime,
  };
  const file = join(folder, "pebble.json");
  writeFileSync(file, JSON.stringify({ pebble: config }));
  const ca = readFileSync(anchor.cert, "utf8");
  const directory = `https://127.0.0.1:${port}/dir`;
  const lines: string[] = [];
  let child: ChildProcess | null = null;
  const kill = () => killed(child);
  const pebble: Pebble = {
    port,
    directory,
    caFile: anchor.cert,
    ca,
    httpPort,
    tlsPort,
    lines,
    orders: () => lines.filter((line) => /Added order/.test(line)).length,
    kill,
    async start() {
      child = spawn("pebble", ["-config", file, "-dnsserver", dns.place], {
        env: {
          PATH: process.env.PATH,
          PEBBLE_VA_NOSLEEP: "1",
          PEBBLE_WFE_NONCEREJECT: String(nonceReject),
          PEBBLE_AUTHZREUSE: "0",
        },
        stdio: ["ignore", "pipe", "pipe"],
      });
      for (const stream of [child.stdout!, child.stderr!]) {
        stream.on("data", (chunk: Buffer) => lines.push(...chunk.toString().split("\n")));
      }
      await eventually("pebble answers", () => answers(directory, ca));
    },
    async close() {
      await kill();
      dns.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  if (setup.started !== false) await pebble.start();
  return pebble;
}

function answers(url: string, ca: string): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get(url, { ca, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.on("error", () => resolve(false));
  });
}
