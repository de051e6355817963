// The worker thread that reads and checks configurations while the main thread serves requests.
import { type MessagePort, parentPort } from "node:worker_threads";
import type { LoadOptions } from "../config/load.ts";
import { ConfigError, oneLine } from "../config/text/problem.ts";
import { SourceFiles, type Stamps } from "../config/text/source-files.ts";
import { nameSources } from "../observe/stacks.ts";
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

/** A fragment that is not in effect, and why, one line each. */
export interface Dropped {
  readonly source: string;
  readonly problems: readonly string[];
}

/** What was noticed about a configuration that is fine. */
interface Noticed {
  readonly warnings: readonly string[];
  readonly dropped: readonly Dropped[];
}

/** Result of a load; warnings and problems are one line each. */
export type Reply = { /** Every file that was read or missed. */ readonly files: Stamps } & (
  | ({ readonly kind: "loaded" } & Noticed)
  | ({ readonly kind: "unchanged" } & Noticed)
  | { readonly kind: "refused"; readonly text: string; readonly problems: readonly string[] }
);

nameSources();
parentPort!.on("message", ({ options, known, pieces }: Order) => {
  const files = new SourceFiles();
  const reply = (rest: DistributiveOmit<Reply, "files">) => parentPort!.postMessage({ ...rest, files: files.stamps });
  try {
    const loaded = loadChecked(options, files);
    const { config } = loaded;
    const warnings = loaded.warnings.map(oneLine);
    const dropped = loaded.dropped.map(({ source, problems }) => ({ source, problems: problems.map(oneLine) }));
    if (config.hash === known) return reply({ kind: "unchanged", warnings, dropped });
    for (const piece of pack(config)) pieces.postMessage(piece, [piece.rows.buffer as ArrayBuffer]);
    reply({ kind: "loaded", warnings, dropped });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const problems = error.problems.filter(({ severity }) => severity === "error").map(oneLine);
    reply({ kind: "refused", text: error.text, problems });
  }
});

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;
