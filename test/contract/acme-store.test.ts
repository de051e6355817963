// What every store of certificates promises, run on each.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { FolderStore } from "../../src/acme/folder-store.ts";
import { RedisAcmeStore } from "../../src/acme/redis-store.ts";
import { type AcmeStore, type Lease, MAX_RECORD_BYTES, STORE_TIMES } from "../../src/acme/store.ts";
import { startRedis } from "../support/redis.ts";
import { REDIS_DEFAULTS } from "../support/redis-store.ts";
import { eventually } from "../support/setup.ts";

/** Short, so that dead holders are taken over while a test waits. */
const TIMES = { ...STORE_TIMES, leaseMs: 1000 };

interface Subject {
  /** Opens the same store again, as another gateway does. */
  open(): AcmeStore;
  /** Leaves the lock as a process does that is killed between taking it and writing down who it is. */
  emptyLock(name: string): Promise<void>;
  /** Leaves something else in its place. */
  spoilLock(name: string): Promise<void>;
  /** Takes the lock away from whoever holds it. */
  seizeLock(name: string): Promise<void>;
  close(): Promise<void>;
}

/** A store is one entry here. */
const STORES: Readonly<Record<string, () => Promise<Subject>>> = {
  folder: async () => {
    const folder = mkdtempSync(join(tmpdir(), "acme-store-"));
    const newest = (name: string) => {
      const generations = readdirSync(join(folder, "locks")).map((file) => Number(file.slice(name.length + 1)) || 0);
      return join(folder, "locks", `${name}.${Math.max(1, ...generations)}`);
    };
    return {
      open: () => new FolderStore(folder, TIMES),
      emptyLock: async (name) => {
        writeFileSync(newest(name), "");
        truncateSync(newest(name));
      },
      spoilLock: async (name) => writeFileSync(newest(name), "\0\0\0\0"),
      seizeLock: async (name) => writeFileSync(join(folder, "locks", `${name}.999`), '{"owner":"else"}'),
      close: async () => rmSync(folder, { recursive: true }),
    };
  },
  redis: async () => {
    const redis = await startRedis();
    const options = { ...REDIS_DEFAULTS, nodes: [{ host: "127.0.0.1", port: redis.port }] };
    const key = (name: string) => `gateway:acme:locks:${name}`;
    return {
      open: () => new RedisAcmeStore("shared", options, TIMES),
      emptyLock: async (name) => void (await redis.cli("SET", key(name), "", "PX", "60000")),
      spoilLock: async (name) => void (await redis.cli("SET", key(name), "nobody")),
      seizeLock: async (name) => void (await redis.cli("SET", key(name), "else", "PX", "60000")),
      close: () => redis.close(),
    };
  },
};

for (const [kind, start] of Object.entries(STORES)) {
  describe(`${kind}`, () => {
    let subject: Subject;
    let one: AcmeStore;
    let two: AcmeStore;
    before(async () => {
      subject = await start();
      one = subject.open();
      two = subject.open();
    });
    after(async () => {
      await one.close();
      await two.close();
      await subject.close();
    });
    const taken = async (store: AcmeStore, name: string): Promise<Lease> => {
      const lease = await store.lock(name);
      assert.ok(lease, `${name} can be taken`);
      return lease;
    };
    /** When it is free by itself. */
    const takenOver = async (store: AcmeStore, name: string): Promise<Lease> => {
      let lease: Lease | null = null;
      await eventually("the lock is taken over", async () => {
        lease = await store.lock(name);
        return lease !== null;
      });
      return lease!;
    };

    test("one gateway reads what another has written, and nothing where nothing was", async () => {
      const key = { section: "certificates", name: "example.com-1" } as const;
      assert.equal(await one.read(key), null);
      await one.write(key, "first");
      assert.equal(await two.read(key), "first");
      await two.write(key, "sécond\n");
      assert.equal(await one.read(key), "sécond\n");
      await one.remove(key);
      await one.remove(key);
      assert.equal(await two.read(key), null);
    });

    test("records of one name in two sections are two records", async () => {
      await one.write({ section: "orders", name: "same" }, "order");
      await one.write({ section: "failures", name: "same" }, "failure");
      assert.equal(await two.read({ section: "orders", name: "same" }), "order");
    });

    test("readers get the old text or the new one, whole, while it is written", async () => {
      const key = { section: "accounts", name: "busy" } as const;
      const text = (letter: string) => letter.repeat(100_000);
      await one.write(key, text("a"));
      let writing = true;
      const writes = (async () => {
        for (let i = 0; i < 20; i++) await one.write(key, text(i % 2 === 0 ? "b" : "a"));
        writing = false;
      })();
      while (writing) {
        const read = await two.read(key);
        assert.equal(read?.length, 100_000);
        assert.ok(read === text("a") || read === text("b"));
      }
      await writes;
    });

    test("answers are listed, until they are removed", async () => {
      assert.deepEqual(await two.answers(), []);
      for (const name of ["http-1", "alpn-2"]) await one.write({ section: "answers", name }, "answer");
      assert.deepEqual([...(await two.answers())].sort(), ["alpn-2", "http-1"]);
      for (const name of ["http-1", "alpn-2"]) await two.remove({ section: "answers", name });
      assert.deepEqual(await one.answers(), []);
    });

    test("names that would leave the store are refused before it is touched", async () => {
      for (const name of ["", "../x", ".hidden", "a/b", "a\0b", "a b", "x".repeat(201)]) {
        await assert.rejects(one.read({ section: "answers", name }), RangeError, name);
        await assert.rejects(one.write({ section: "answers", name }, ""), RangeError, name);
        await assert.rejects(one.lock(name), RangeError, name);
      }
    });

    test("texts that are too long are refused with the place", async () => {
      const key = { section: "orders", name: "long" } as const;
      const problem = (error: Error) =>
        error.message.includes(one.placeOf(key)) && error.message.includes("larger than");
      await assert.rejects(one.write(key, "x".repeat(MAX_RECORD_BYTES + 1)), problem);
      assert.equal(await one.read(key), null);
    });

    test("of two gateways one gets a lock, and the other when it is released", async () => {
      const lease = await taken(one, "first");
      assert.equal(await two.lock("first"), null);
      assert.equal(await one.lock("first"), null);
      const other = await taken(two, "other");
      await lease.release();
      await lease.release();
      await (await taken(two, "first")).release();
      await (await taken(one, "first")).release();
      await other.release();
    });

    test("of twenty attempts at once one gets the lock", async () => {
      const attempts = Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? one : two).lock("race"));
      const leases = (await Promise.all(attempts)).filter((lease) => lease !== null);
      assert.equal(leases.length, 1);
      await leases[0]!.release();
    });

    test("a lock that is held longer than a lease stays held, because it is renewed", async () => {
      const lease = await taken(one, "long");
      const until = performance.now() + 3 * TIMES.leaseMs;
      while (performance.now() < until) {
        assert.equal(await two.lock("long"), null);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      assert.equal(lease.lost.aborted, false);
      await lease.release();
    });

    test("a lock that was left empty is taken over", async () => {
      await (await taken(one, "empty")).release();
      await subject.emptyLock("empty");
      await (await takenOver(two, "empty")).release();
    });

    test("a lock with something else in it is taken over", async () => {
      await (await taken(one, "spoilt")).release();
      await subject.spoilLock("spoilt");
      await (await takenOver(two, "spoilt")).release();
    });

    test("of twenty that see a dead lock one takes it over", async () => {
      await (await taken(one, "dead")).release();
      await subject.emptyLock("dead");
      let leases: Lease[] = [];
      await eventually("it is taken over", async () => {
        const attempts = Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? one : two).lock("dead"));
        leases = (await Promise.all(attempts)).filter((lease) => lease !== null);
        return leases.length > 0;
      });
      assert.equal(leases.length, 1);
      await leases[0]!.release();
    });

    test("who loses a lock is told, and does not release that of its successor", async () => {
      const lease = await taken(one, "seized");
      await subject.seizeLock("seized");
      await eventually("its holder is told", () => lease.lost.aborted);
      await lease.release();
      assert.equal(await two.lock("seized"), null);
    });

    test("a store that is closed leaves its locks to others at once", async () => {
      const third = subject.open();
      await taken(third, "closed");
      await third.close();
      await (await taken(one, "closed")).release();
    });
  });
}

const FULL_DISK = import.meta.filename.replace(/contract.acme-store\.test\./, "support/full-disk-main.");

describe("a folder", () => {
  const folder = mkdtempSync(join(tmpdir(), "acme-store-"));
  after(() => rmSync(folder, { recursive: true }));

  test("and all in it are open to their owner alone, whatever the umask is", async () => {
    const before = process.umask(0);
    const store = new FolderStore(join(folder, "data", "acme"), TIMES);
    try {
      await store.write({ section: "accounts", name: "a" }, "secret");
      await store.lock("a");
    } finally {
      process.umask(before);
    }
    for (const path of ["", "accounts", "locks"]) assert.equal(modeOf(join(folder, "data", "acme", path)), 0o700, path);
    for (const path of ["accounts/a.json", "locks/a.1"])
      assert.equal(modeOf(join(folder, "data", "acme", path)), 0o600, path);
    await store.close();
  });

  test("keeps no file of writes that failed", async () => {
    const store = new FolderStore(folder, TIMES);
    await store.write({ section: "orders", name: "whole" }, "1");
    writeFileSync(join(folder, "orders", "x"), "");
    await assert.rejects(store.write({ section: "orders", name: "x/../y" }, "1"));
    assert.deepEqual(readdirSync(join(folder, "orders")).sort(), ["whole.json", "x"]);
  });

  test("loses answers that are older than a day when it is swept", async () => {
    const store = new FolderStore(folder, { ...TIMES, answerMs: -1 });
    await store.write({ section: "answers", name: "old" }, "1");
    await store.sweep();
    writeFileSync(join(folder, "orders", "x.json.0123456789ab.tmp"), "");
    await store.sweep();
    assert.equal(await store.read({ section: "answers", name: "old" }), null);
    assert.ok(!readdirSync(join(folder, "orders")).some((file) => file.endsWith(".tmp")));
    const keeping = new FolderStore(folder, TIMES);
    await keeping.write({ section: "answers", name: "new" }, "1");
    await keeping.sweep();
    assert.equal(await keeping.read({ section: "answers", name: "new" }), "1");
  });

  test("may be a link, and those below it may not: rights of what is elsewhere stay as they are", async () => {
    const elsewhere = mkdtempSync(join(folder, "elsewhere-"));
    chmodSync(elsewhere, 0o755);
    symlinkSync(elsewhere, join(folder, "link"));
    await new FolderStore(join(folder, "link"), TIMES).write({ section: "orders", name: "x" }, "1");
    assert.equal(modeOf(elsewhere), 0o755);
    rmSync(join(elsewhere, "orders"), { recursive: true });
    symlinkSync(folder, join(elsewhere, "orders"));
    chmodSync(folder, 0o755);
    const store = new FolderStore(join(folder, "link"), TIMES);
    await assert.rejects(
      store.write({ section: "orders", name: "x" }, "1"),
      /orders: a symbolic link is not followed$/,
    );
    assert.equal(modeOf(folder), 0o755);
  });

  test("that is full leaves no lock and no part of a file behind, and can be used when there is room", async () => {
    const place = mkdtempSync(join(folder, "full-"));
    const store = new FolderStore(place, TIMES);
    await (await store.lock("before"))!.release();
    // A limit of no bytes a file stands for a disk without room: what is written fails, names can still be made.
    const command = `trap "" XFSZ; ulimit -f 0; exec "$@"`;
    const program = [process.execPath, ...(FULL_DISK.endsWith(".ts") ? ["--import", "tsx"] : []), FULL_DISK, place];
    const { stdout, stderr } = spawnSync("/bin/sh", ["-c", command, "sh", ...program], { encoding: "utf8" });
    const outcomes = JSON.parse(stdout || `["${stderr}"]`) as string[];
    assert.equal(outcomes.length, 6);
    for (const outcome of outcomes) assert.match(outcome, /EFBIG|file too large/i);
    assert.deepEqual([readdirSync(join(place, "locks")), readdirSync(join(place, "orders"))], [["before.1"], []]);
    await (await store.lock("lock"))!.release();
  });

  test("that cannot be made is named", async () => {
    writeFileSync(join(folder, "file"), "");
    const store = new FolderStore(join(folder, "file"), TIMES);
    await assert.rejects(store.write({ section: "orders", name: "x" }, "1"), (error: Error) =>
      error.message.includes(join(folder, "file")),
    );
  });
});

describe("Redis", () => {
  test("that is not there fails in time, with the name of the store and of the key", async () => {
    const options = { ...REDIS_DEFAULTS, nodes: [{ host: "127.0.0.1", port: 1 }], password: "hunter2" };
    const store = new RedisAcmeStore("shared", options, TIMES);
    await assert.rejects(store.write({ section: "orders", name: "x" }, "hunter2"), (error: Error) => {
      return error.message.startsWith('redis "shared" gateway:acme:orders:x: ') && !error.message.includes("hunter2");
    });
    await store.close();
  });
});

function modeOf(path: string): number {
  return statSync(path).mode & 0o777;
}
