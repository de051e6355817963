// The workloads: what wrk sends and what a right answer looks like.
import { join } from "node:path";

export interface BenchCase {
  readonly id: string;
  readonly title: string;
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly requestBytes: number;
  readonly responseBytes: number;
  readonly wrkArgs: readonly string[];
  /** What a reader has to know to read the table rightly. */
  readonly note?: string;
}

const postScript = join(import.meta.dirname, "lua", "post-2k.lua");

export const cases: readonly BenchCase[] = [
  {
    id: "get-1k",
    title: "GET, 1 KB answer, keep-alive",
    method: "GET",
    path: "/1k",
    requestBytes: 0,
    responseBytes: 1024,
    wrkArgs: [],
  },
  {
    id: "post-2k",
    title: "POST of 2 KB, 1 KB answer, keep-alive",
    method: "POST",
    path: "/post",
    requestBytes: 2048,
    responseBytes: 1024,
    wrkArgs: ["-s", postScript],
  },
  {
    id: "get-100k",
    title: "GET, 100 KB answer, keep-alive",
    method: "GET",
    path: "/100k",
    requestBytes: 0,
    responseBytes: 102400,
    wrkArgs: [],
  },
  {
    id: "connection-close",
    title: "GET, 1 KB answer, a new client connection each time",
    method: "GET",
    path: "/1k",
    requestBytes: 0,
    responseBytes: 1024,
    wrkArgs: ["-H", "Connection: close"],
    note: "http-proxy and httpxy pass the client's `Connection: close` on and open a new upstream connection each time. reply-from passes the upstream's `Connection: keep-alive` back although the client asked to close; wrk then asks again on that connection and gets a 400 and a closed socket: two errors for each good answer, whose cost is in its figure.",
  },
];

export const allCaseIds: readonly string[] = cases.map((one) => one.id);
