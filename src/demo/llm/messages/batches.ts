// Batches of messages: they are accepted, shown and cancelled, and never run.
import type { Route } from "../api.ts";
import { Refusal } from "../rules/refusal.ts";

type Batch = Readonly<Record<string, unknown>>;

const PREFIX = "msgbatch_";

/** `/v1/messages/batches`. */
export const batchRoutes: readonly Route[] = [
  [
    "POST",
    /^\/v1\/messages\/batches$/,
    (exchange, _found, { objects }) => {
      const { requests } = exchange.json();
      if (!Array.isArray(requests) || requests.length === 0) throw new Refusal("invalid", "requests: Field required");
      const id = `${PREFIX}${exchange.seed.slice(0, 22)}`;
      const counts = { processing: requests.length, succeeded: 0, errored: 0, canceled: 0, expired: 0 };
      const batch = { id, type: "message_batch", processing_status: "in_progress", request_counts: counts };
      objects.put(exchange.account, id, batch);
      exchange.json200(batch);
    },
  ],
  [
    "GET",
    /^\/v1\/messages\/batches$/,
    (exchange, _found, { objects }) =>
      exchange.json200({
        data: objects.list(exchange.account, PREFIX),
        has_more: false,
        first_id: null,
        last_id: null,
      }),
  ],
  [
    "GET",
    /^\/v1\/messages\/batches\/([^/]+)$/,
    (exchange, [, id = ""], { objects }) => exchange.json200(known(objects.get(exchange.account, id), id)),
  ],
  [
    "POST",
    /^\/v1\/messages\/batches\/([^/]+)\/cancel$/,
    (exchange, [, id = ""], { objects }) => {
      const batch = { ...known(objects.get(exchange.account, id), id), processing_status: "canceling" };
      objects.put(exchange.account, id, batch);
      exchange.json200(batch);
    },
  ],
];

function known(batch: unknown, id: string): Batch {
  if (batch === undefined) throw new Refusal("notFound", `No such message batch: ${id}`);
  return batch as Batch;
}
