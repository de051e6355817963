// Names are found as the C library finds them: hosts file, search list, DNS; and by the system where it knows more.
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { parseHosts } from "../../../src/wire/names/hosts-file.ts";
import { parseNameServices } from "../../../src/wire/names/name-services.ts";
import { Names } from "../../../src/wire/names/names.ts";
import { candidates, parseResolvConf } from "../../../src/wire/names/resolv-conf.ts";
import { SystemLookup } from "../../../src/wire/names/system-lookup.ts";
import { type DnsServer, dnsServer, NameFolder } from "../../support/dns.ts";
import { soon } from "../../support/setup.ts";

describe("a look-up", () => {
  let server: DnsServer;
  let files: NameFolder;
  let names: Names;
  before(async () => {
    server = await dnsServer({});
    files = new NameFolder();
  });
  after(() => {
    server.close();
    files.remove();
  });
  beforeEach(() => {
    server.zone = {};
    server.asked.length = 0;
    files.write("hosts", "127.0.0.1 localhost\n");
    files.write("nsswitch", "hosts: files dns\n");
    files.write("resolvConf", `nameserver ${server.place}\noptions timeout:1 attempts:1\n`);
    names = new Names(files, () => Promise.reject(new Error("the system was asked")));
  });
  const find = (name: string) => soon(names.lookUp(name), name);

  test("finds a service of Kubernetes by its short name", async () => {
    const search = "default.svc.cluster.local svc.cluster.local cluster.local";
    files.write("resolvConf", `search ${search}\nnameserver ${server.place}\noptions ndots:5\n`);
    server.zone = { "users.default.svc.cluster.local": ["10.0.0.7"], "pay.shop.svc.cluster.local": ["10.0.0.8"] };
    assert.deepEqual(await find("users"), ["10.0.0.7"]);
    assert.deepEqual(await find("pay.shop"), ["10.0.0.8"]);
    assert.deepEqual(await find("PAY.shop.svc"), ["10.0.0.8"]);
    assert.deepEqual(
      server.asked.filter((name) => !name.endsWith("AAAA")),
      [
        "users.default.svc.cluster.local",
        "pay.shop.default.svc.cluster.local",
        "pay.shop.svc.cluster.local",
        "pay.shop.svc.default.svc.cluster.local",
        "pay.shop.svc.svc.cluster.local",
        "pay.shop.svc.cluster.local",
      ],
    );
  });

  test("asks for a name with a dot at its end and no other", async () => {
    files.write("resolvConf", `search example.org\nnameserver ${server.place}\noptions ndots:5 no-aaaa\n`);
    await assert.rejects(find("users."), { code: "ENOTFOUND" });
    assert.deepEqual(server.asked, ["users"]);
  });

  test("finds names of the hosts file without asking, also those added later", async () => {
    await assert.rejects(find("db"), { code: "ENOTFOUND" });
    files.write("hosts", "127.0.0.1 localhost\n10.1.1.1 db db.internal # by --add-host\n");
    server.asked.length = 0;
    assert.deepEqual(await find("DB.internal"), ["10.1.1.1"]);
    assert.deepEqual(await find("db."), ["10.1.1.1"]);
    assert.deepEqual(server.asked, []);
  });

  test("follows a resolv.conf that changes", async () => {
    const other = await dnsServer({ "new.example": ["10.2.2.2"] });
    await assert.rejects(find("new.example"), { code: "ENOTFOUND" });
    files.write("resolvConf", `# moved\nnameserver ${other.place}\n`);
    assert.deepEqual(await find("new.example"), ["10.2.2.2"]);
    other.close();
  });

  test("takes localhost and what is below it for this machine", async () => {
    files.write("hosts", "");
    for (const name of ["localhost", "app.localhost"]) assert.ok((await find(name)).includes("127.0.0.1"), name);
    assert.deepEqual(server.asked, []);
  });

  test("of a name whose server says nothing does not delay that of another", async () => {
    files.write("resolvConf", `nameserver ${server.place}\noptions timeout:3 attempts:1\n`);
    const dead = Array.from({ length: 16 }, (_, i) => `dead-${i}.example`);
    server.zone = { ...Object.fromEntries(dead.map((name) => [name, "silence"])), "good.example": ["10.0.0.9"] };
    let over = 0;
    const waiting = dead.map((name) => assert.rejects(find(name), { code: "ETIMEOUT" }).then(() => over++));
    assert.deepEqual(await find("good.example"), ["10.0.0.9"]);
    assert.equal(over, 0);
    await Promise.all(waiting);
  });

  test("says that it cannot tell where a server fails, also behind the search list", async () => {
    files.write("resolvConf", `search example.org\nnameserver ${server.place}\noptions no-aaaa\n`);
    server.zone = { "users.example.org": "SERVFAIL" };
    await assert.rejects(find("users"), { code: "ESERVFAIL" });
    assert.deepEqual(new Set(server.asked), new Set(["users.example.org", "users"]));
  });

  test("does without IPv6 where the server knows nothing of it", async () => {
    for (const six of ["NXDOMAIN", "SERVFAIL", "silence"] as const) {
      server.zone = { "four.example": ["10.0.0.4"], "four.example AAAA": six };
      assert.deepEqual(await find("four.example"), ["10.0.0.4"], six);
    }
  });

  test("does not wait for IPv6 where there is no such name", async () => {
    files.write("resolvConf", `search a.example b.example\nnameserver ${server.place}\n`);
    server.zone = { "users.a.example AAAA": "silence", "users.b.example": ["10.0.0.5"] };
    assert.deepEqual(await find("users"), ["10.0.0.5"]);
  });

  test("goes on with the search list where a server refuses one of its names, and not where none answers", async () => {
    files.write(
      "resolvConf",
      `search a.example b.example\nnameserver ${server.place}\noptions timeout:1 attempts:1 no-aaaa\n`,
    );
    server.zone = { "shop.a.example": "SERVFAIL", "shop.b.example": ["10.0.0.5"] };
    assert.deepEqual(await find("shop"), ["10.0.0.5"]);
    server.zone = { "shop.a.example": "silence", "shop.b.example": ["10.0.0.5"] };
    await assert.rejects(find("shop"), { code: "ETIMEOUT" });
    assert.deepEqual(
      server.asked.filter((name) => name.startsWith("shop")),
      ["shop.a.example", "shop.b.example", "shop.a.example"],
    );
  });

  test("asks the system where nsswitch.conf has a source of its own", async () => {
    const asked: string[] = [];
    const system = (name: string) => {
      asked.push(name);
      return Promise.resolve(["10.9.9.9"]);
    };
    names = new Names(files, system);
    files.write("nsswitch", "hosts: files resolve [!UNAVAIL=return] dns\n");
    assert.deepEqual(await find("users.example"), ["10.9.9.9"]);
    assert.deepEqual(asked, ["users.example"]);
    assert.deepEqual(server.asked, []);
  });
});

test("the hosts file maps each name of a line to its addresses in order", () => {
  const hosts = parseHosts("# 1.1.1.1 no\n10.0.0.1\ta b.c. # d\n::1 a\nnonsense a\n10.0.0.1 a\n");
  assert.deepEqual(
    [...hosts],
    [
      ["a", ["10.0.0.1", "::1"]],
      ["b.c", ["10.0.0.1"]],
    ],
  );
});

test("resolv.conf: the last search list, three servers, options within their bounds", () => {
  const text = `domain a.example ; old
search b.example. c.example
nameserver 10.0.0.1
nameserver fe80::1%eth0
nameserver nonsense
nameserver 10.0.0.2
nameserver 10.0.0.3
options ndots:99 timeout:3 rotate
options attempts:0`;
  assert.deepEqual(parseResolvConf(text), {
    servers: ["10.0.0.1", "fe80::1%eth0", "10.0.0.2"],
    search: ["b.example", "c.example"],
    ndots: 15,
    timeoutMs: 3000,
    attempts: 1,
    ipv6: true,
  });
  assert.deepEqual(parseResolvConf("search .\n").servers, ["127.0.0.1"]);
  assert.equal(parseResolvConf("options no-aaaa").ipv6, false);
});

test("a name with enough dots is tried as it is first, any other last", () => {
  const conf = { ...parseResolvConf("search x.org y.org\noptions ndots:2"), search: ["x.org", "y.org"] };
  assert.deepEqual(candidates("a.b.c", conf), ["a.b.c", "a.b.c.x.org", "a.b.c.y.org"]);
  assert.deepEqual(candidates("a.b", conf), ["a.b.x.org", "a.b.y.org", "a.b"]);
  assert.deepEqual(candidates("a.", conf), ["a"]);
});

describe("nsswitch.conf", () => {
  for (const [line, single, dotted, local] of [
    ["", false, false, false],
    ["hosts: files dns", false, false, false],
    ["hosts:\tfiles dns # usual", false, false, false],
    ["hosts: files mdns4_minimal [NOTFOUND=return] dns myhostname", true, false, true],
    ["hosts: files", true, true, true],
    ["hosts: dns files", true, true, true],
    ["hosts: files ldap dns", true, true, true],
  ] as const) {
    test(`"${line}"`, () => {
      const asksSystem = parseNameServices(`passwd: files\n${line}\n`);
      assert.deepEqual(["a", "a.example", "a.local"].map(asksSystem), [single, dotted, local]);
    });
  }
});

test("the system is asked for two names at once, and for no more than one of those it could not find", async () => {
  const running = new Map<string, (found: boolean) => void>();
  const system = new SystemLookup(
    (name) =>
      new Promise((resolve, reject) => {
        running.set(name, (found) => {
          running.delete(name);
          if (found) resolve(["10.0.0.1"]);
          else reject(new Error("not found"));
        });
      }),
  );
  const begun = () => [...running.keys()];
  const first = ["bad-1", "bad-2"].map((name) => assert.rejects(system.lookUp(name)));
  const third = system.lookUp("good");
  assert.deepEqual(begun(), ["bad-1", "bad-2"]);
  running.get("bad-1")!(false);
  running.get("bad-2")!(false);
  await Promise.all(first);
  assert.deepEqual(begun(), ["good"]);
  const again = ["bad-1", "bad-2"].map((name) => system.lookUp(name));
  assert.deepEqual(begun(), ["good", "bad-1"]);
  running.get("good")!(true);
  await third;
  assert.deepEqual(begun(), ["bad-1"]);
  const fourth = system.lookUp("good");
  assert.deepEqual(begun(), ["bad-1", "good"]);
  running.get("bad-1")!(true);
  await again[0];
  assert.deepEqual(begun(), ["good", "bad-2"]);
  running.get("good")!(true);
  running.get("bad-2")!(true);
  await Promise.all([...again, fourth]);
});
