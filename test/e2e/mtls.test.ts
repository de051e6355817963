// Clients that prove who they are by a certificate: who is let in, what services and limits are told, and that proof given for
// one name counts for no other.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { writeFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import type { ConnectionOptions } from "node:tls";
import { type Backend, type Mirrored, mirror, startBackend } from "../support/backend.ts";
import type { Certificate } from "../support/certificates.ts";
import { GatewayPool, type GatewayProcess } from "../support/gateway.ts";
import { Pki, text } from "../support/pki.ts";
import { type Block, configText, reload } from "../support/setup.ts";
import { type Answer, ask, greet, http2Statuses } from "../support/tls-client.ts";

const LIMIT = { timeout: 60_000 };
const pki = new Pki();
const gateways = new GatewayPool();
let ca: Certificate;
let otherCa: Certificate;
let backend: Backend;
const made = new Map<string, Certificate>();

before(async () => {
  ca = pki.authority("ca");
  otherCa = pki.authority("other");
  const intermediate = pki.authority("intermediate", { signer: ca });
  made.set("server", pki.certificate("server", { signer: ca, extensions: ["subjectAltName=DNS:main.test"] }));
  made.set(
    "admin",
    pki.certificate("admin", { signer: ca, extensions: ["subjectAltName=DNS:admin.test,DNS:*.admin.test"] }),
  );
  made.set(
    "alice",
    pki.certificate("alice", { signer: ca, extensions: ["subjectAltName=email:alice@x.test,URI:spiffe://x/alice"] }),
  );
  made.set("bob", pki.certificate("bob", { signer: ca }));
  made.set("carol", pki.certificate("carol", { signer: intermediate }));
  made.set("eve", pki.certificate("eve", { signer: otherCa }));
  made.set("odd", pki.certificate("odd", { signer: ca, extensions: ["subjectAltName=DER:30:06:82:04:61:00:62:63"] }));
  made.set("intermediate", intermediate);
  backend = await startBackend(mirror);
});
after(async () => {
  await backend.close();
  pki.remove();
});

const files = (name: string) => ({ certFile: made.get(name)!.cert, keyFile: made.get(name)!.key });

function configOf(tls: Block, rule: Block = {}, front: Block = {}): string {
  return configText({
    rules: [{ id: "all", path: "/*", serviceName: "up", ...rule }],
    services: { up: backend.port },
    front: { tls: { enabled: true, ...files("server"), ...tls }, ...front },
  });
}

function start(tls: Block, rule: Block = {}, front: Block = {}): Promise<GatewayProcess> {
  return gateways.take(configOf(tls, rule, front));
}

/** How a client shows a certificate, with those that signed it. */
function as(name: string, ...chain: readonly string[]): ConnectionOptions {
  const { cert, key } = made.get(name)!;
  return { cert: [cert, ...chain.map((each) => made.get(each)!.cert)].map(text).join(""), key: text(key) };
}

/** The answer to one request; null: the client is not served. */
async function answerTo(
  port: number,
  options: ConnectionOptions = {},
  fields: readonly string[] = [],
): Promise<Answer | null> {
  const socket = await greet(port, options).catch(() => null);
  if (socket === null) return null;
  // In TLS 1.3 a client is told after the handshake, as it sees it, that it is not served.
  const closed = new Promise<null>((resolve) => socket.once("close", () => resolve(null)));
  const answer = await Promise.race([ask(socket, "main.test", "/", fields), closed]).catch(() => null);
  socket.destroy();
  return answer;
}

const statusFor = async (port: number, options?: ConnectionOptions) => (await answerTo(port, options))?.status ?? 0;
/** What the backend was told. */
function toldOf(answer: Answer | null): Record<string, string> {
  const { headers } = JSON.parse(answer!.body) as Mirrored;
  const pairs = headers.flatMap((name, i) => (i % 2 === 0 ? [[name.toLowerCase(), headers[i + 1]!]] : []));
  return Object.fromEntries(pairs) as Record<string, string>;
}

describe("clientAuth", LIMIT, () => {
  const statuses = async (port: number) => {
    const clients = [{}, as("bob"), as("carol"), as("carol", "intermediate"), as("eve")];
    const all: number[] = [];
    for (const client of clients) all.push(await statusFor(port, client));
    return all;
  };

  test("verify accepts clients signed by the CAs, directly or through intermediates they send", async () => {
    const { port, kill } = await start({ clientAuth: "verify", clientCAFile: [ca.cert] });
    assert.deepEqual(await statuses(port), [0, 200, 0, 200, 0]);
    await kill();
  });

  test("require accepts any certificate without CAs, and verifies with them", async () => {
    const any = await start({ clientAuth: "require" });
    assert.deepEqual(await statuses(any.port), [0, 200, 200, 200, 200]);
    await any.kill();
    const known = await start({ clientAuth: "require", clientCAFile: [ca.cert, otherCa.cert] });
    assert.deepEqual(await statuses(known.port), [0, 200, 0, 200, 200]);
    await known.kill();
  });

  test("request accepts every client, and forwards only verified certificates", async () => {
    const { port, kill } = await start({ clientAuth: "request", clientCAFile: [ca.cert], forwardClientCert: "leaf" });
    assert.deepEqual(await statuses(port), [200, 200, 200, 200, 200]);
    assert.ok("client-cert" in toldOf(await answerTo(port, as("bob"))));
    assert.ok(!("client-cert" in toldOf(await answerTo(port, as("eve")))));
    await kill();
  });

  test("of one certificate differs from that of the block", async () => {
    const certificates = [{ ...files("admin"), clientAuth: "verify", clientCAFile: [otherCa.cert] }];
    const { port, kill } = await start({ clientAuth: "verify", clientCAFile: [ca.cert], certificates });
    const seen: number[] = [];
    for (const servername of ["main.test", "admin.test"]) {
      for (const client of ["bob", "eve"]) seen.push(await statusOn(port, servername, client));
    }
    assert.deepEqual(seen, [200, 0, 0, 200]);
    await kill();
  });
});

/** Asks for the name that the handshake names. */
async function statusOn(port: number, servername: string, client: string): Promise<number> {
  const socket = await greet(port, { servername, ...as(client) }).catch(() => null);
  if (socket === null) return 0;
  const closed = new Promise<null>((resolve) => socket.once("close", () => resolve(null)));
  const answer = await Promise.race([ask(socket, servername), closed]).catch(() => null);
  socket.destroy();
  return answer?.status ?? 0;
}

describe("revocation", LIMIT, () => {
  const serial = (name: string) => new X509Certificate(text(made.get(name)!.cert)).serialNumber;
  const list = (name: string, authority: Certificate, serials: readonly string[], to?: string) =>
    pki.write(`${name}.pem`, pki.crl(name, authority, { serials, ...(to === undefined ? {} : { to }) }));

  test("refuses revoked clients, also by the second list in a file, and no client of a CA without a list", async () => {
    const both = pki.write(
      "both.pem",
      [text(list("ours", ca, [serial("alice")])), text(list("theirs", otherCa, [serial("eve")]))].join(""),
    );
    const verify = { clientAuth: "verify", clientCAFile: [ca.cert, otherCa.cert] };
    const all = await start({ ...verify, clientCRLFile: [both] });
    assert.deepEqual(
      [
        await statusFor(all.port, as("alice")),
        await statusFor(all.port, as("bob")),
        await statusFor(all.port, as("eve")),
      ],
      [0, 200, 0],
    );
    await all.kill();
    const one = await start({ ...verify, clientCRLFile: [list("one", ca, [serial("alice")])] });
    assert.deepEqual([await statusFor(one.port, as("alice")), await statusFor(one.port, as("eve"))], [0, 200]);
    await one.kill();
  });

  test("refuses clients signed by a revoked intermediate", async () => {
    const file = list("cut", ca, [serial("intermediate")]);
    const gateway = await start({ clientAuth: "verify", clientCAFile: [ca.cert], clientCRLFile: [file] });
    // A certificate that is sent twice must not hide the next one.
    const clients = [as("carol", "intermediate"), as("carol", "carol", "intermediate"), as("bob")];
    const seen: number[] = [];
    for (const client of clients) seen.push(await statusFor(gateway.port, client));
    assert.deepEqual(seen, [0, 0, 200]);
    await gateway.kill();
  });

  test("by an expired list refuses all clients of its CA, unless expiredCRL is warn", async () => {
    const ended = list("ended", ca, [serial("alice")], "20260201000000Z");
    const verify = { clientAuth: "verify", clientCAFile: [ca.cert], clientCRLFile: [ended] };
    const strict = await start(verify);
    assert.equal(await statusFor(strict.port, as("bob")), 0);
    await strict.kill();
    const lenient = await start({ ...verify, expiredCRL: "warn" });
    assert.deepEqual([await statusFor(lenient.port, as("bob")), await statusFor(lenient.port, as("alice"))], [200, 0]);
    await lenient.kill();
  });

  test("of one certificate applies only to its names", async () => {
    const certificates = [{ ...files("admin"), clientCRLFile: [list("admins", ca, [serial("bob")])] }];
    const gateway = await start({ clientAuth: "verify", clientCAFile: [ca.cert], certificates });
    assert.deepEqual(
      [await statusOn(gateway.port, "main.test", "bob"), await statusOn(gateway.port, "admin.test", "bob")],
      [200, 0],
    );
    await gateway.kill();
  });
});

describe("services get", LIMIT, () => {
  const FORGED = ["Client-Cert: :Zm9yZ2Vk:", "Client-Cert-Chain: :Zm9yZ2Vk:", "Client_Cert: :Zm9yZ2Vk:"];
  const der = (name: string) => `:${new X509Certificate(text(made.get(name)!.cert)).raw.toString("base64")}:`;
  const verify = () => ({ clientAuth: "verify", clientCAFile: [ca.cert] });

  test("the certificate, and with chain its intermediates; the same fields of clients are dropped", async () => {
    const leaf = await start({ ...verify(), forwardClientCert: "leaf" });
    const told = toldOf(await answerTo(leaf.port, as("carol", "intermediate"), FORGED));
    assert.equal(told["client-cert"], der("carol"));
    assert.ok(!("client-cert-chain" in told) && !("client_cert" in told));
    await leaf.kill();
    const chain = await start({ ...verify(), forwardClientCert: "chain" });
    const more = toldOf(await answerTo(chain.port, as("carol", "intermediate"), FORGED));
    assert.equal(more["client-cert-chain"]!.split(", ")[0], der("intermediate"));
    await chain.kill();
  });

  test("nothing by default, not even the fields of clients", async () => {
    const off = await start(verify());
    const told = toldOf(await answerTo(off.port, as("bob"), FORGED));
    assert.deepEqual(
      Object.keys(told).filter((name) => name.startsWith("client")),
      [],
    );
    await off.kill();
  });

  test("the fields of a trusted proxy, unless the certificate of the proxy itself is forwarded", async () => {
    const trusted = { trustedProxies: ["127.0.0.1"] };
    const off = await start(verify(), {}, trusted);
    assert.equal(toldOf(await answerTo(off.port, as("bob"), FORGED))["client-cert"], ":Zm9yZ2Vk:");
    await off.kill();
    const on = await start({ ...verify(), forwardClientCert: "leaf" }, {}, trusted);
    assert.equal(toldOf(await answerTo(on.port, as("bob"), FORGED))["client-cert"], der("bob"));
    await on.kill();
  });
});

test("limits count by the subject of the certificate", LIMIT, async () => {
  const rateLimits = [{ id: "hourly", rate: 1, period: "1h", burst: 1, key: "subject" }];
  const gateway = await start({ clientAuth: "verify", clientCAFile: [ca.cert] }, { rateLimits });
  const seen: number[] = [];
  for (const client of ["alice", "alice", "bob", "bob"]) seen.push(await statusFor(gateway.port, as(client)));
  assert.deepEqual(seen, [200, 429, 200, 429]);
  await gateway.kill();
});

test("a certificate without a usable name is refused with 401", LIMIT, async () => {
  const gateway = await start({ clientAuth: "verify", clientCAFile: [ca.cert] });
  const answer = await answerTo(gateway.port, as("odd"));
  assert.equal(answer?.status, 401);
  assert.match(answer!.body, /certificate_unreadable/);
  await gateway.kill();
});

describe("a host that demands other client authentication than the handshake is answered 421", LIMIT, () => {
  const hosts = ["main.test", "admin.test", "ADMIN.test.", "x.admin.test", "unknown.test", "main.test:443"];
  const expected = [200, 421, 421, 421, 200, 200];
  let gateway: GatewayProcess;
  before(async () => {
    const certificates = [{ ...files("admin"), clientAuth: "verify", clientCAFile: [ca.cert] }];
    gateway = await start({ certificates });
  });
  after(() => gateway.kill());

  test("over HTTP/1.1", async () => {
    const socket = await greet(gateway.port, { servername: "main.test" });
    const seen: number[] = [];
    for (const host of hosts) seen.push((await ask(socket, host)).status);
    socket.destroy();
    assert.deepEqual(seen, expected);
  });

  test("over HTTP/2", async () => {
    assert.deepEqual(await http2Statuses(gateway.port, { servername: "main.test" }, hosts), expected);
  });

  test("and not if the handshake satisfies it", async () => {
    const proved = { servername: "admin.test", ...as("bob") };
    assert.deepEqual(
      await http2Statuses(gateway.port, proved, ["admin.test", "x.admin.test", "main.test"]),
      [200, 200, 200],
    );
  });

  test("also after a reload that removes the less demanding certificate: its connections are closed", async () => {
    const strict = { ...files("admin"), clientAuth: "verify", clientCAFile: [ca.cert] };
    const certificates = [strict, { ...files("admin"), hosts: ["x.admin.test"] }];
    const changing = await start({ certificates });
    const socket = await greet(changing.port, { servername: "x.admin.test" });
    assert.equal((await ask(socket, "x.admin.test")).status, 200);
    await reload(changing, configOf({ certificates: [strict] }));
    assert.equal((await ask(socket, "x.admin.test")).fields.connection, "close");
    await changing.kill();
  });

  test("also for hosts without a certificate, if the block demands more", async () => {
    const open = { ...files("admin"), clientAuth: "none" };
    const strict = await start({ clientAuth: "verify", clientCAFile: [ca.cert], certificates: [open] });
    const asked = { servername: "admin.test" };
    assert.deepEqual(
      await http2Statuses(strict.port, asked, ["admin.test", "unknown.test", "main.test"]),
      [200, 421, 421],
    );
    await strict.kill();
  });
});

test("a healthcheck that has no certificate says which listener it would need", () => {
  const file = pki.path("check.yaml");
  writeFileSync(file, configOf({ clientAuth: "verify", clientCAFile: ca.cert }));
  const asked = spawnSync(process.execPath, ["dist/main.js", "healthcheck", "-config", file], { encoding: "utf8" });
  assert.match(asked.stderr, /every listener requires a client certificate; add one that does not/);
  assert.equal(asked.status, 1);
});
