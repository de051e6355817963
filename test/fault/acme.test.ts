// Gateways that are killed while they order a certificate: at each step, when the authority has taken it and they have not heard.
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { afterEach, describe, test } from "node:test";
import { StoreFolder, settingsFor } from "../support/acme.ts";
import type { IssuerTask } from "../support/acme-main.ts";
import { startAcmeProxy } from "../support/acme-proxy.ts";
import { makeAuthority, makeCertificate } from "../support/certificates.ts";
import { openDoors } from "../support/challenge-doors.ts";
import { startPebble } from "../support/pebble.ts";
import { soon } from "../support/setup.ts";

/** Step → the path at which pebble is asked for it, and the orders there may be in all. */
const STEPS: Readonly<Record<string, readonly [path: string, orders: number]>> = {
  "registers its account": ["/sign-me-up", 1],
  // Nobody but the authority knows of the first one.
  "places the order": ["/order-plz", 2],
  "reads what it is to show": ["/authZ/", 1],
  "asks to be validated": ["/chalZ/", 1],
  "has the certificate made": ["/finalize-order/", 1],
  "fetches the certificate": ["/certZ/", 1],
};

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

describe("a gateway that is killed while it", () => {
  for (const [step, [path, orders]] of Object.entries(STEPS)) {
    test(`${step} has a successor that costs no order more than it must`, async () => {
      const folder = new StoreFolder();
      const doors = await openDoors(folder.open(), ["one.test"]);
      const pebble = await startPebble({ httpPort: doors.httpPort, tlsPort: doors.tlsPort });
      const anchor = makeAuthority(folder.path, "anchor");
      const own = makeCertificate(folder.path, "proxy", anchor, ["IP:127.0.0.1"]);
      const proxy = await startAcmeProxy(pebble, own);
      open.push(folder, doors, pebble, proxy);
      const settings = settingsFor({ directory: proxy.directory, ca: readFileSync(anchor.cert, "utf8") });
      const task: IssuerTask = { settings, names: ["one.test"], folder: folder.path };

      proxy.instead = (asked) => (asked.method === "POST" && asked.path.startsWith(path) ? "forget" : null);
      const first = start(task);
      await soon(proxy.forgotten(), `it ${step}`);
      first.kill("SIGKILL");
      await once(first, "exit");
      proxy.instead = () => null;
      const ended = await soon(once(start(task), "exit"), "its successor has a certificate");
      assert.deepEqual(ended, [0, null]);
      assert.equal(pebble.orders(), orders);
      const accounts = pebble.lines.filter((line) => /There are now \d+ accounts/.test(line));
      assert.match(accounts.at(-1)!, /now 1 accounts/);
    });
  }
});

function start(task: IssuerTask): ChildProcess {
  const args = ["--import", "tsx", "test/support/acme-main.ts", JSON.stringify(task)];
  return spawn(process.execPath, args, { stdio: ["ignore", "ignore", "inherit"] });
}
