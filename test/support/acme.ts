// Issuers that a test has started, each with a log and times that no test waits for.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FolderStore } from "../../src/acme/folder-store.ts";
import { Issuer } from "../../src/acme/issuer.ts";
import type { AcmeTimes } from "../../src/acme/renewal.ts";
import type { AcmeSettings, NameSet } from "../../src/acme/settings.ts";
import { type AcmeStore, STORE_TIMES } from "../../src/acme/store.ts";
import type { IssuedCertificate } from "../../src/core/issued-certificate.ts";
import type { Log } from "../../src/core/log.ts";
import type { Pebble } from "./pebble.ts";
import { eventually } from "./setup.ts";

/** Waits after failures that a test can sit out. */
export const SHORT_TIMES: AcmeTimes = {
  troubleMs: 200,
  refusalMs: 60_000,
  longestMs: 3_600_000,
  lookMs: 50,
  patienceMs: 60_000,
};

/** An issuer, and what it did. */
export interface TestIssuer {
  readonly issuer: Issuer;
  readonly said: string[];
  /** The newest of each set. */
  issued: readonly IssuedCertificate[];
  /** How often there was something new. */
  times: number;
  /** Failures of the first set, whenever they were others. */
  readonly counts: number[];
  /** The first certificate. */
  certificate(): Promise<IssuedCertificate>;
  /** A certificate other than that one. */
  next(before: IssuedCertificate): Promise<IssuedCertificate>;
  /** A line of its log. */
  hears(text: string): Promise<void>;
}

/** Settings for an authority. */
export function settingsFor(
  { directory, ca }: Pick<Pebble, "directory" | "ca">,
  more: Partial<AcmeSettings> = {},
): AcmeSettings {
  return {
    directory,
    ca,
    email: "",
    eab: null,
    challenge: "auto",
    keyType: "ecdsa-p256",
    store: { kind: "folder", folder: "" },
    ...more,
  };
}

/** Starts an issuer. */
export function startIssuer(
  settings: AcmeSettings,
  sets: readonly NameSet[],
  store: AcmeStore,
  times = SHORT_TIMES,
): TestIssuer {
  const said: string[] = [];
  const note = (message: string, facts: object = {}) => void said.push(`${message} ${JSON.stringify(facts)}`);
  const log: Log = { debug: note, info: note, warn: note, error: note };
  const test: TestIssuer = {
    issuer: new Issuer(settings, sets, {
      store,
      log,
      userAgent: "gateway-test",
      times,
      issued(certificates) {
        test.issued = certificates;
        test.times++;
      },
      counted: () => test.counts.push(test.issuer.status[0]!.failure?.count ?? 0),
    }),
    said,
    issued: [],
    times: 0,
    counts: [],
    async certificate() {
      await eventually("a certificate is issued", () => test.issued.length > 0).catch((error) => fail(error, said));
      return test.issued[0]!;
    },
    async next(before) {
      const isNew = () => test.issued[0] !== undefined && test.issued[0].cert !== before.cert;
      await eventually("a new certificate is issued", isNew).catch((error) => fail(error, said));
      return test.issued[0]!;
    },
    async hears(text) {
      await eventually(`it says ${text}`, () => said.some((line) => line.includes(text))).catch((error) =>
        fail(error, said),
      );
    },
  };
  test.issuer.start();
  return test;
}

function fail(error: Error, said: readonly string[]): never {
  throw new Error(`${error.message}\n${said.join("\n")}`);
}

/** A folder for stores, removed when it is closed. */
export class StoreFolder {
  readonly path = mkdtempSync(join(tmpdir(), "acme-test-"));

  /** The store of another gateway. */
  open(times = { ...STORE_TIMES, leaseMs: 1000 }): FolderStore {
    return new FolderStore(this.path, times);
  }

  close(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
