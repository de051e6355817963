// The worker thread that reads and checks configurations while the main thread serves requests.
import { type MessagePort, parentPort } from "node:worker_threads";
import type { LoadOptions } from "../config/load.ts";
import { ConfigError, oneLine } from "../config/text/problem.ts";
import { SourceFiles, type Stamps } from "../config/text/source-files.ts";
import { loadChecked } from "../snapshot/check/checked.ts";
import { pack } from "./pack.ts";

/** What to load. */
export interface Order {
  readonly options: LoadOptions;
  /** Hash of the configuration the asking side has; it is not sent again. */
  readonly known: string;
  /** Takes the pieces of the configuration, all of them before the {@link Reply}. */
  readonly pieces: MessagePort;
}

/** Result of a load; warnings and problems are one line each. */
export type Reply = { /** Every file that was read or missed. */ readonly files: Stamps } & (
  | { readonly kind: "loaded"; readonly warnings: readonly string[] }
  | { readonly kind: "unchanged"; readonly warnings: readonly string[] }
  | { readonly kind: "refused"; readonly text: string; readonly problems: readonly string[] }
);

parentPort!.on("message", ({ options, known, pieces }: Order) => {
  const files = new SourceFiles();
  const reply = (rest: DistributiveOmit<Reply, "files">) => parentPort!.postMessage({ ...rest, files: files.stamps });
  try {
    const { config, warnings } = loadChecked(options, files);
    const lines = warnings.map(oneLine);
    if (config.hash === known) return reply({ kind: "unchanged", warnings: lines });
    for (const piece of pack(config)) pieces.postMessage(piece, [piece.rows.buffer as ArrayBuffer]);
    reply({ kind: "loaded", warnings: lines });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const problems = error.problems.filter(({ severity }) => severity === "error").map(oneLine);
    reply({ kind: "refused", text: error.text, problems });
  }
});

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;
