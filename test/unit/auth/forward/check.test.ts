// One check: how it ends, what is sent again, and that nothing outlives its end.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Check, type CheckAnswer, type CheckFailure } from "../../../../src/auth/forward/check.ts";
import type { Connector } from "../../../../src/core/connector.ts";
import type { Progress, Receiver } from "../../../../src/core/edges.ts";
import { plainGet } from "../../../support/upstream-request.ts";

const failure = (progress: Progress) => ({ code: "upstream_reset", progress, detail: progress }) as const;

/** A connector whose sends are played by the test. @param onSend called within `send` */
function played(onSend: (receiver: Receiver, attempt: number) => void = () => undefined) {
  const sends: { readonly fresh: boolean; readonly receiver: Receiver; aborted: number }[] = [];
  const connector: Connector = {
    mayRefuse: false,
    send({ fresh }, receiver) {
      const send = { fresh, receiver, aborted: 0 };
      sends.push(send);
      onSend(receiver, sends.length);
      return { resume: () => undefined, abort: () => void send.aborted++ };
    },
  };
  return { sends, connector };
}

function begun(onSend?: Parameters<typeof played>[0]) {
  const outcomes: (CheckAnswer | CheckFailure)[] = [];
  const { sends, connector } = played(onSend);
  const limits = { timeoutMs: 60_000, maxBodyBytes: 10 };
  const check = new Check(connector, plainGet(), limits, (outcome) => outcomes.push(outcome));
  return { check, sends, outcomes };
}

describe("a check", () => {
  test("ends with a complete answer, whose pieces it gives back at once", () => {
    const { sends, outcomes, check } = begun();
    const { receiver } = sends[0]!;
    let released = 0;
    receiver.interim(103, []);
    receiver.head(403, "", ["A", "b"], -1);
    receiver.flush();
    assert.ok(receiver.data(Buffer.from("no "), () => released++, false));
    receiver.data(Buffer.from("entry"), null, false);
    assert.deepEqual([outcomes, released], [[], 1]);
    receiver.end([]);
    check.abort("late");
    assert.deepEqual(outcomes, [{ status: 403, fields: ["A", "b"], body: Buffer.from("no entry") }]);
    assert.equal(sends[0]!.aborted, 0);
  });

  test("is given up when its answer is too large, announced or not", () => {
    for (const length of [11, -1]) {
      const { sends, outcomes } = begun();
      const { receiver } = sends[0]!;
      receiver.head(200, "", [], length);
      if (length === -1) receiver.data(Buffer.alloc(11), null, false);
      assert.deepEqual(outcomes, [{ why: "the answer has more than 10 bytes" }]);
      assert.equal(sends[0]!.aborted, 1);
    }
    const { sends, outcomes } = begun();
    sends[0]!.receiver.head(200, "", [], 10);
    sends[0]!.receiver.data(Buffer.alloc(10), null, true);
    assert.equal((outcomes[0] as CheckAnswer).body.length, 10);
  });

  test("is given up in time", async () => {
    const { sends, connector } = played();
    const outcome = await new Promise((resolve) => {
      new Check(connector, plainGet(), { timeoutMs: 1, maxBodyBytes: 1 }, resolve);
    });
    assert.deepEqual([outcome, sends[0]!.aborted], [{ why: "no answer within 1 ms" }, 1]);
  });

  test("is sent again, once and on a new connection, where the service has not read it", () => {
    for (const progress of ["reset_on_reuse", "refused"] as const) {
      const { sends, outcomes } = begun();
      sends[0]!.receiver.failed(failure(progress));
      assert.deepEqual(
        sends.map(({ fresh }) => fresh),
        [false, true],
      );
      sends[1]!.receiver.failed(failure(progress));
      assert.deepEqual([sends.length, outcomes], [2, [{ why: progress }]]);
    }
    for (const progress of ["unsent", "unable", "sent", "responding"] as const) {
      const { sends, outcomes } = begun();
      sends[0]!.receiver.failed(failure(progress));
      assert.deepEqual([sends.length, outcomes], [1, [{ why: progress }]]);
    }
  });

  test("that fails before it was sent can still be given up", () => {
    const { check, sends, outcomes } = begun((receiver, attempt) => {
      if (attempt === 1) receiver.failed(failure("reset_on_reuse"));
    });
    assert.deepEqual([sends.length, outcomes], [2, []]);
    check.abort("over");
    check.abort("again");
    assert.deepEqual(
      sends.map(({ aborted }) => aborted),
      [0, 1],
    );
    assert.deepEqual(outcomes, [{ why: "over" }]);
    const refused = begun((receiver) => receiver.failed(failure("unable")));
    assert.deepEqual([refused.sends.length, refused.outcomes], [1, [{ why: "unable" }]]);
  });
});
