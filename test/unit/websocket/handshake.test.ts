// What is agreed on in a handshake: the proof of the backend, subprotocols, origins, paths and compression.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { RequestContext } from "../../../src/core/context.ts";
import { acceptOf, handshakeFault, subprotocols } from "../../../src/websocket/accept.ts";
import { agreeOnCompression, type CompressionSettings } from "../../../src/websocket/compression.ts";
import { onlyBelow, sameOrigin } from "../../../src/websocket/origin.ts";
import { framing } from "../../../src/websocket/ws-parts.ts";
import { contextOf } from "../../support/context.ts";
import { ACCEPT, KEY } from "../../support/websocket.ts";

const { PerMessageDeflate } = framing();

function asked(
  fields: readonly string[],
  authority = "site.test",
  scheme: "http" | "https" = "http",
  path = "/",
): RequestContext {
  const peer = { address: "127.0.0.1", scheme, listener: "http", secured: null } as const;
  return contextOf({ peer, target: path, fields: ["Sec-WebSocket-Key", KEY, ...fields], authority });
}

describe("the proof of the backend", () => {
  test("is the one of RFC 6455 §1.3", () => {
    assert.equal(acceptOf(KEY), ACCEPT);
    assert.equal(handshakeFault(asked([]), ["sec-websocket-accept", ACCEPT]), null);
  });

  test("fails when it is missing, another, or in another case", () => {
    for (const fields of [
      [],
      ["Sec-WebSocket-Accept", acceptOf("x")],
      ["Sec-WebSocket-Accept", ACCEPT.toLowerCase()],
    ]) {
      assert.match(handshakeFault(asked([]), fields)!, /Accept/);
    }
  });

  test("names only a subprotocol that was offered", () => {
    const ctx = asked(["Sec-WebSocket-Protocol", "a, b"]);
    const with_ = (name: string) => ["Sec-WebSocket-Accept", ACCEPT, "Sec-WebSocket-Protocol", name];
    assert.equal(handshakeFault(ctx, with_("b")), null);
    for (const name of ["c", "A", "a, b", ""]) assert.match(handshakeFault(ctx, with_(name))!, /subprotocol/);
  });
});

test("subprotocols are read from all lines, in order, without blanks and empty ones", () => {
  const ctx = asked(["Sec-WebSocket-Protocol", " a,,b ", "sec-websocket-protocol", "c"]);
  assert.deepEqual(subprotocols(ctx), ["a", "b", "c"]);
  assert.deepEqual(subprotocols(asked([])), []);
});

describe("the path", () => {
  const verdict = (prefix: string, path: string) => onlyBelow(prefix).onRequest!(asked([], "a", "http", path));
  for (const prefix of ["/ws", "/ws/"]) {
    test(`${prefix} admits what is below it`, () => {
      assert.equal(verdict(prefix, "/ws/x"), undefined);
      assert.deepEqual(verdict(prefix, "/wsx"), { code: "no_route" });
      assert.deepEqual(verdict(prefix, "/"), { code: "no_route" });
    });
  }
  test("/ws admits itself, / everything", () => {
    assert.equal(verdict("/ws", "/ws"), undefined);
    assert.equal(verdict("/", "/anything"), undefined);
  });
});

describe("the origin", () => {
  const passes = (origin: string | null, allowed: readonly string[], authority?: string, scheme?: "http" | "https") =>
    sameOrigin(allowed).onRequest!(asked(origin === null ? [] : ["Origin", origin], authority, scheme)) === undefined;
  const cases: readonly [string | null, readonly string[], string, "http" | "https", boolean][] = [
    [null, [], "site.test", "http", true],
    ["http://site.test", [], "site.test", "http", true],
    ["http://SITE.test", [], "site.TEST", "http", true],
    ["http://site.test:80", [], "site.test", "http", true],
    ["http://site.test", [], "site.test:80", "http", true],
    ["https://site.test", [], "site.test", "https", true],
    ["https://site.test", [], "site.test:443", "https", true],
    ["https://site.test:8443", [], "site.test:8443", "https", true],
    ["http://site.test", [], "site.test", "https", false],
    ["http://site.test:81", [], "site.test", "http", false],
    ["http://evil.test", [], "site.test", "http", false],
    ["http://site.test.evil.test", [], "site.test", "http", false],
    ["null", [], "site.test", "http", false],
    ["", [], "site.test", "http", false],
    ["https://page.test", ["https://page.test"], "site.test", "http", true],
    ["https://PAGE.test", ["https://page.TEST"], "site.test", "http", true],
    ["http://page.test", ["https://page.test"], "site.test", "http", false],
    ["https://page.test:444", ["https://page.test"], "site.test", "http", false],
    ["null", ["*"], "site.test", "http", true],
    ["http://[::1]:8080", [], "[::1]:8080", "http", true],
  ];
  for (const [origin, allowed, authority, scheme, expected] of cases) {
    test(`${origin} at ${scheme}://${authority} with [${allowed}] ${expected ? "passes" : "is refused"}`, () => {
      assert.equal(passes(origin, allowed, authority, scheme), expected);
    });
  }
});

describe("compression", () => {
  const ON: CompressionSettings = { clientDeflate: 1, backendDeflate: 1, maxFromClient: 1000, maxFromBackend: 1000 };
  const NAME = "Sec-WebSocket-Extensions";
  const offer = (value: string | null, fields: string[], settings: Partial<CompressionSettings> = {}) => {
    const { client, backend } = agreeOnCompression(asked(value === null ? [] : [NAME, value]), fields, {
      ...ON,
      ...settings,
    });
    const at = fields.indexOf(NAME);
    const on = (side: typeof client) => side[PerMessageDeflate.extensionName] !== undefined;
    return { client: on(client), backend: on(backend), answer: at === -1 ? null : fields[at + 1] };
  };

  test("is agreed on each side by itself, and the backend's choice is not the client's", () => {
    const none = { client: false, backend: false, answer: null };
    assert.deepEqual(offer(null, []), none);
    assert.deepEqual(offer(null, [NAME, "permessage-deflate"]), { ...none, backend: true });
    assert.deepEqual(offer("permessage-deflate", []), { ...none, client: true, answer: "permessage-deflate" });
    assert.deepEqual(offer("permessage-deflate", [NAME, "permessage-deflate; server_no_context_takeover"]), {
      client: true,
      backend: true,
      answer: "permessage-deflate",
    });
  });

  test("is not agreed on where it is off", () => {
    assert.equal(offer("permessage-deflate", [], { clientDeflate: 0 }).client, false);
    assert.throws(() => offer(null, [NAME, "permessage-deflate"], { backendDeflate: 0 }), /not offered/);
  });

  test("repeats the parameters the client asks for", () => {
    const { answer } = offer("permessage-deflate; server_no_context_takeover; client_max_window_bits", []);
    assert.match(answer!, /server_no_context_takeover/);
  });

  test("offers that cannot be met or read are as good as none", () => {
    for (const bad of [
      "x-own",
      "permessage-deflate; server_max_window_bits=7",
      "permessage-deflate; =",
      "permessage-deflate; a; a",
      ";;",
    ]) {
      assert.deepEqual(offer(bad, []), { client: false, backend: false, answer: null }, bad);
    }
  });

  test("takes the second offer when the first cannot be met", () => {
    assert.equal(offer("permessage-deflate; server_max_window_bits=99, permessage-deflate", []).client, false);
    assert.equal(offer("x-own, permessage-deflate", []).client, true);
  });

  test("a backend that chooses what was not offered is refused", () => {
    for (const chosen of [
      "x-own",
      "permessage-deflate, x-own",
      "permessage-deflate; server_max_window_bits=99",
      "permessage-deflate; what",
    ]) {
      assert.throws(() => offer("permessage-deflate", [NAME, chosen]), chosen);
    }
  });
});
