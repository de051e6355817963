// Where the log goes, as far as it can be told while loading: what is there already must be something to append to.
import { statSync } from "node:fs";
import { placeOf } from "./place.ts";
import type { Problems } from "./problem.ts";
import type { Written } from "./schema/root.ts";
import type { MapNode } from "./tree.ts";

/** Reports an output that is a directory or a socket. A pipe without a reader shows only when it is opened. */
export function checkLogOutput(written: Written, tree: MapNode, problems: Problems): void {
  const { output } = written.telemetry.logging;
  if (output === "stdout" || output === "stderr") return;
  const kind = kindOf(output);
  if (kind === "") return;
  const place = ["telemetry", "logging", "output"];
  problems.error(placeOf(tree, place), `${place.join(".")}: "${output}": this is a ${kind}`);
}

/** "" when it is absent, cannot be looked at, or fit. */
function kindOf(path: string): string {
  try {
    const stats = statSync(path, { throwIfNoEntry: false });
    return stats?.isDirectory() ? "directory" : stats?.isSocket() ? "socket" : "";
  } catch {
    return "";
  }
}
