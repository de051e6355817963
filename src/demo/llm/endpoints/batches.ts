// Batches and fine-tuning jobs: they are accepted, shown and cancelled, and never run.
import type { Route } from "../api.ts";
import { Refusal } from "../rules/refusal.ts";

type Job = Readonly<Record<string, unknown>>;

/** `/batches` and `/fine_tuning/jobs`. */
export const batchRoutes: readonly Route[] = [
  ...jobRoutes("/batches", "batch_", (body) => ({
    object: "batch",
    endpoint: body.endpoint,
    input_file_id: body.input_file_id,
    completion_window: body.completion_window,
    status: "validating",
    request_counts: { total: 0, completed: 0, failed: 0 },
  })),
  ...jobRoutes("/fine_tuning/jobs", "ftjob-", (body) => ({
    object: "fine_tuning.job",
    model: body.model,
    training_file: body.training_file,
    status: "queued",
  })),
];

function jobRoutes(path: string, prefix: string, make: (body: Job) => Job): Route[] {
  const find = (job: unknown, id: string) => {
    if (job === undefined) throw new Refusal("notFound", `No such job: ${id}`, "id", null);
    return job as Job;
  };
  return [
    [
      "POST",
      new RegExp(`${path}$`),
      (exchange, _found, { objects }) => {
        const id = `${prefix}${exchange.seed.slice(0, 22)}`;
        const job = { id, created_at: 1_764_547_200, ...make(exchange.json()) };
        objects.put(exchange.account, id, job);
        exchange.json200(job);
      },
    ],
    [
      "GET",
      new RegExp(`${path}$`),
      (exchange, _found, { objects }) =>
        exchange.json200({ object: "list", data: objects.list(exchange.account, prefix), has_more: false }),
    ],
    [
      "GET",
      new RegExp(`${path}/([^/]+)$`),
      (exchange, [, id = ""], { objects }) => exchange.json200(find(objects.get(exchange.account, id), id)),
    ],
    [
      "POST",
      new RegExp(`${path}/([^/]+)/cancel$`),
      (exchange, [, id = ""], { objects }) => {
        const job = { ...find(objects.get(exchange.account, id), id), status: "cancelled" };
        objects.put(exchange.account, id, job);
        exchange.json200(job);
      },
    ],
  ];
}
