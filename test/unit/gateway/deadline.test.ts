// How long a request may take, by its route, its protocol and what it asks for.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { WebSocketRule } from "../../../src/core/route.ts";
import type { Translation } from "../../../src/core/translation.ts";
import { deadlineOf } from "../../../src/gateway/deadline.ts";
import { contextOf, routeOf } from "../../support/context.ts";

interface Given {
  readonly grpc?: boolean;
  readonly timeoutMs?: number;
  readonly written?: boolean;
  readonly asked?: string;
  readonly type?: string;
  readonly upgrade?: boolean;
  readonly handshakeMs?: number;
  /** Translated, and whether it streams. */
  readonly streams?: boolean;
}

function deadline(given: Given) {
  const { grpc = true, timeoutMs = 30_000, written = false, asked, type = "application/grpc" } = given;
  const fields = ["content-type", type, ...(asked === undefined ? [] : ["grpc-timeout", asked])];
  const translation = given.streams === undefined ? null : { streams: given.streams };
  const ctx = contextOf({ fields, upgrade: given.upgrade === true, translation: translation as Translation | null });
  const websocket = given.handshakeMs === undefined ? null : ({ handshakeMs: given.handshakeMs } as WebSocketRule);
  const { ms, total, silenceMs } = deadlineOf(ctx, routeOf({ grpc, timeoutMs, timeoutWritten: written, websocket }));
  return [ms, total, silenceMs];
}

describe("the deadline of", () => {
  const cases: readonly (readonly [string, Given, readonly [number, boolean, number]])[] = [
    ["an HTTP request", { grpc: false }, [30_000, true, 0]],
    ["an HTTP request with a written timeout", { grpc: false, written: true }, [30_000, true, 30_000]],
    ["an HTTP request does not heed grpc-timeout", { grpc: false, asked: "1S" }, [30_000, true, 0]],
    ["a handshake", { grpc: false, upgrade: true, handshakeMs: 10_000 }, [10_000, false, 0]],
    ["a handshake without limits", { grpc: false, upgrade: true, handshakeMs: 0, timeoutMs: 0 }, [0, false, 0]],
    ["a call without deadline waits for the head", {}, [30_000, false, 0]],
    ["a call without deadline, timeout written", { written: true, timeoutMs: 500 }, [500, false, 500]],
    ["a call with a deadline beyond the default", { asked: "1H" }, [3_600_000, true, 0]],
    ["a call with a deadline, timeout written", { asked: "1H", written: true, timeoutMs: 500 }, [500, true, 500]],
    ["a call with a shorter deadline", { asked: "100m", written: true }, [100, true, 30_000]],
    ["a call without any", { timeoutMs: 0, written: true }, [0, false, 0]],
    ["a call with a deadline of its own only", { timeoutMs: 0, written: true, asked: "2S" }, [2000, true, 0]],
    ["a translated unary call", { streams: false, type: "application/json" }, [30_000, true, 0]],
    ["a translated unary call that asks", { streams: false, type: "application/json", asked: "1S" }, [1000, true, 0]],
    ["a translated stream", { streams: true, type: "application/json" }, [30_000, false, 0]],
    ["a translated stream that asks", { streams: true, type: "application/json", asked: "1M" }, [60_000, true, 0]],
    ["something else on a gRPC route", { type: "application/json" }, [30_000, true, 0]],
  ];
  for (const [name, given, expected] of cases) {
    test(name, () => assert.deepEqual(deadline(given), expected));
  }
});
