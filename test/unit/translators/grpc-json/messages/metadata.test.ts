// Header fields that become metadata, and those that never do.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { requestMetadata } from "../../../../../src/translators/grpc-json/messages/metadata.ts";

const OWN = ["content-type", "application/grpc", "te", "trailers"];

function metadata(fields: string[], nominated: ReadonlySet<string> | null = null): string[] {
  const all = requestMetadata(fields, nominated);
  assert.deepEqual(all.slice(0, 4), OWN);
  return all.slice(4);
}

describe("request metadata", () => {
  test("is what is called so, without its prefix", () => {
    assert.deepEqual(
      metadata(["Grpc-Metadata-X-User", "a", "GRPC-METADATA-b-bin", "AAE=", "grpc-metadata-x-user", "b"]),
      ["x-user", "a", "b-bin", "AAE=", "x-user", "b"],
    );
  });
  test("is credentials and tracing", () => {
    const fields = ["authorization", "Bearer x", "traceparent", "t", "tracestate", "s", "baggage", "b"];
    assert.deepEqual(metadata(fields.map((text, i) => (i % 2 === 0 ? text.toUpperCase() : text))), fields);
  });
  test("is a valid timeout", () => {
    assert.deepEqual(metadata(["Grpc-Timeout", "100m"]), ["grpc-timeout", "100m"]);
    for (const bad of ["100", "-1S", "123456789S", "1s", ""])
      assert.deepEqual(metadata(["Grpc-Timeout", bad]), [], bad);
  });
  test("is nothing else", () => {
    const fields = [
      "Host",
      "h",
      "Cookie",
      "c",
      "User-Agent",
      "u",
      "Accept",
      "a",
      "X-Custom",
      "x",
      "Content-Type",
      "text/plain",
      "Grpc-Encoding",
      "gzip",
    ];
    assert.deepEqual(metadata(fields), []);
  });
  test("is not what ends at this hop", () => {
    assert.deepEqual(metadata(["Grpc-Metadata-A", "1", "Baggage", "b"], new Set(["grpc-metadata-a", "baggage"])), []);
  });
  const reserved = [
    "grpc-status",
    "grpc-timeout",
    "grpc_status",
    "Content-Type",
    "content_length",
    "TE",
    ":path",
    "",
    "host",
    "connection",
    "keep-alive",
    "transfer-encoding",
    "upgrade",
    "proxy-authorization",
    "X-Forwarded-For",
    "x_forwarded_for",
    "X-Forwarded-Proto",
    "X-Real-IP",
    "Forwarded",
    "X-Auth-User",
    "x_auth_user",
    "X-Gateway",
    "authorization",
    "cookie",
    "via",
    "traceparent",
    "x-request-id",
    "a b",
    "ä",
  ];
  for (const name of reserved) {
    test(`is not "${name}"`, () => assert.deepEqual(metadata([`Grpc-Metadata-${name}`, "x"]), []));
  }
  test("that cannot be carried is refused", () => {
    for (const value of ["\u00e9", "a\tb", "\u007f"]) {
      assert.throws(() => metadata(["Grpc-Metadata-A", value]), { name: "InputError", message: /grpc-metadata-a/ });
    }
  });
});
