// How many client connections the limit of open files allows. Node is not told of connections the system cannot accept for
// want of descriptors, so the gateway must refuse before that.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** Descriptors reserved for purposes other than proxied connections: a quarter of the limit, at most this many. */
const MAX_RESERVE = 256;
/** A client's connection and one to a service. */
const PER_CONNECTION = 2;

/** Files this process may have open; 0 no limit, or none that is known. */
export function openFileLimit(): number {
  try {
    // Node raises the soft limit to the hard one when it starts; both are what `ulimit -n` of a child says.
    const soft =
      process.platform === "linux"
        ? /^Max open files\s+(\S+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1]
        : execFileSync("/bin/sh", ["-c", "ulimit -n"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
    return Number.parseInt(soft ?? "", 10) || 0;
  } catch {
    return 0; // Windows
  }
}

/** Client connections to be open at once, so that each can have one to a service; 0 no limit. @param openFiles 0 no limit */
function affordableConnections(openFiles: number): number {
  return Math.floor((openFiles - Math.min(openFiles / 4, MAX_RESERVE)) / PER_CONNECTION);
}

/**
 * The limit of client connections: as configured, or as many as the open files allow.
 * @param configured 0: nothing is
 * @param warn told when more is configured than the open files allow
 */
export function connectionLimit(configured: number, openFiles: number, warn: (message: string) => void): number {
  const affordable = affordableConnections(openFiles);
  if (configured === 0) return affordable;
  if (openFiles > 0 && configured > affordable) {
    warn(
      `frontend.http.maxConnections: ${configured} client connections can take the descriptors that connections to services need: ` +
        `the limit of ${openFiles} open files allows for ${affordable}; raise it (ulimit -n) or lower maxConnections`,
    );
  }
  return configured;
}
