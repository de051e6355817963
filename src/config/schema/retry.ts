// `retry`, and the same below a rule: when a request is sent again, and when it is hedged.

import { GRPC_STATUSES } from "../../wire/grpc.ts";
import { didYouMean } from "../text/suggest.ts";
import type { Field } from "./field.ts";
import { optional, wrongValue } from "./fields.ts";
import { inherited, overrides } from "./inherited.ts";
import { bool, dur, durMs, int, ints, num, size, strings } from "./scalars.ts";

const jitter: Field<"full" | number> = {
  doc: "`full` = random between zero and the full delay; a number = vary by that share; true = 0.25, false = 0",
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
  ...strings("gRPC statuses of calls without a response message that are retried, such as `UNAVAILABLE`"),
  json: { type: "array", items: { enum: GRPC_STATUSES.slice(1) } },
  read(node, path, reading) {
    const names = strings("")
      .read(node, path, reading)
      .map((name) => name.toUpperCase());
    for (const name of names) {
      if (GRPC_STATUSES.indexOf(name) > 0) continue;
      const hint = didYouMean(name, GRPC_STATUSES.slice(1));
      reading.problems.error(node.at, `${path}: "${name}" is not an error status of gRPC${hint}`);
    }
    return names;
  },
};

const settings = {
  maxAttempts: int(
    "maximum attempts, including the first; 0 or 1 = never send again, even if nothing was sent",
    3,
    0,
    20,
  ),
  initialDelay: durMs("delay before the second attempt", 100),
  maxDelay: durMs("maximum delay; a longer `Retry-After` of the backend ends the retries", 30_000),
  multiplier: num("factor by which the delay grows with each attempt", 2, 1, 10),
  jitter,
  retryableStatusCodes: ints("statuses that are retried", [502, 503, 504], 400, 599),
  retryableGrpcStatuses: grpcStatuses,
  perTryTimeout: dur("timeout of one attempt for its response head; 0 = only the rule's `timeout`", 0),
  hedgeAfter: dur(
    "send the request also to a second instance if there is no response head after this time, and use the first answer; 0 = never",
    0,
  ),
  maxBodySize: size("larger request bodies are not kept, and therefore not sent again", 1024 * 1024),
  budgetEnabled: bool("limit retries relative to the number of requests", true),
  budgetRatio: num("maximum retries in `budgetWindow`, as a share of its requests", 0.1, 0, 10),
  minRetryTokens: int("retries allowed in `budgetWindow` whatever the number of requests", 10),
  budgetWindow: dur("time over which requests and retries are compared", 60_000),
};

/** `retry`. */
export const retry = inherited(
  "Retries. Only requests that are safe to repeat are sent again: idempotent methods, requests with an `Idempotency-Key`, and those that no backend has processed",
  settings,
);

/** `rules[].retry`. */
export const ruleRetry = optional(
  overrides(
    "Retries of this rule, enabled unless `enabled` is false; missing keys are inherited from `retry`",
    settings,
  ),
);
