// `retry`, and the same below a rule: when a request is sent again, and when a second one is sent beside a slow first.

import { GRPC_STATUSES } from "../../wire/grpc.ts";
import { didYouMean } from "../text/suggest.ts";
import type { Field } from "./field.ts";
import { optional, wrongValue } from "./fields.ts";
import { inherited, overrides } from "./inherited.ts";
import { bool, dur, durMs, int, ints, num, size, strings } from "./scalars.ts";

const jitter: Field<"full" | number> = {
  doc: "`full` = anywhere between nothing and the whole wait; a number = give or take that share; true = 0.25, false = 0",
  type: "`full`, number or bool",
  json: { anyOf: [{ enum: ["full"] }, { type: "number", minimum: 0, maximum: 1 }, { type: "boolean" }] },
  fallback: "full",
  fields: null,
  addressable: true,
  show: (value) => value,
  read(node, path, reading) {
    const text = node.kind === "scalar" ? String(node.value) : "";
    if (text === "full") return "full";
    if (text === "true" || text === "false") return text === "true" ? 0.25 : 0;
    if (/^(0(\.\d+)?|1(\.0+)?)$/.test(text)) return Number(text);
    wrongValue(node, path, "full, a share from 0 to 1, true or false", reading);
    return "full";
  },
};

const grpcStatuses: Field<readonly string[]> = {
  ...strings("gRPC statuses of calls without an answer that are worth another try, such as `UNAVAILABLE`"),
  json: { type: "array", items: { enum: GRPC_STATUSES.slice(1) } },
  read(node, path, reading) {
    const names = strings("")
      .read(node, path, reading)
      .map((name) => name.toUpperCase());
    for (const name of names) {
      if (GRPC_STATUSES.indexOf(name) > 0) continue;
      const hint = didYouMean(name, GRPC_STATUSES.slice(1));
      reading.problems.error(node.at, `${path}: "${name}" is no gRPC status a call fails with${hint}`);
    }
    return names;
  },
};

const settings = {
  maxAttempts: int("tries in all, the first included; 0 or 1 = none again, not even where nothing was sent", 3, 0, 20),
  initialDelay: durMs("wait before the second try", 100),
  maxDelay: durMs("longest wait; a backend that asks for more with `Retry-After` ends it", 30_000),
  multiplier: num("each wait is longer than the one before by this factor", 2, 1, 10),
  jitter,
  retryableStatusCodes: ints("statuses that are worth another try", [502, 503, 504], 400, 599),
  retryableGrpcStatuses: grpcStatuses,
  perTryTimeout: dur("longest wait of one try for its response head; 0 = only the rule's `timeout`", 0),
  hedgeAfter: dur(
    "without a response head after this long a second instance is asked too, and the first answer counts; 0 = never",
    0,
  ),
  maxBodySize: size("larger request bodies are not kept, and so not sent again", 1024 * 1024),
  budgetEnabled: bool("bound retries by the live requests", true),
  budgetRatio: num("retries in `budgetWindow` as a share of its requests", 0.1, 0, 10),
  minRetryTokens: int("retries allowed in `budgetWindow` however few the requests", 10),
  budgetWindow: dur("time over which requests and retries are compared", 60_000),
};

/** `retry`. */
export const retry = inherited(
  "Sending again. Only what cannot be done twice by it: idempotent methods, requests with an `Idempotency-Key`, and what no backend has looked at",
  settings,
);

/** `rules[].retry`. */
export const ruleRetry = optional(
  overrides("Retries of this rule, on unless it says otherwise; what it leaves out is as in `retry`", settings),
);
