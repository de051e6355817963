// Finds the programs the benchmark uses and tries to install what is missing, saying so.
import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The folders programs are looked for in: the caller's path, and where Debian keeps its servers. */
export const searchPath = [process.env.PATH, "/usr/sbin", "/usr/local/sbin"].filter(Boolean).join(":");

/** True when a program is on the search path. */
export function isInstalled(program: string): boolean {
  return searchPath.split(":").some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Installs the missing ones of these Debian packages when that is allowed here; what is still missing is the caller's to see. */
export function installPrograms(packages: readonly string[], say: (line: string) => void): void {
  const missing = packages.filter((one) => !isInstalled(one));
  if (missing.length === 0) return;
  if (process.getuid?.() !== 0 || !isInstalled("apt-get")) {
    say(`missing: ${missing.join(", ")} (not installing: needs root and apt-get)`);
    return;
  }
  say(`missing: ${missing.join(", ")}; running apt-get install`);
  // RUNLEVEL=1 keeps the packages' own services from starting: only the benchmark's processes may run.
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" };
  const install = () =>
    spawnSync("apt-get", ["install", "-y", "--no-install-recommends", ...missing], { env, stdio: "ignore" }).status ===
    0;
  if (install()) return;
  spawnSync("apt-get", ["update"], { env, stdio: "ignore" });
  if (!install()) say("apt-get install failed");
}

/** Runs npm ci for the peers when they are not there yet. */
export function installPeers(say: (line: string) => void): void {
  const folder = import.meta.dirname;
  const { dependencies } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { dependencies: object };
  if (Object.keys(dependencies).every((name) => existsSync(join(folder, "node_modules", name)))) return;
  say("installing the peers: npm ci in test/bench");
  const { status } = spawnSync("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], {
    cwd: folder,
    stdio: ["ignore", "ignore", "inherit"],
  });
  if (status !== 0) say("npm ci failed; the peers will be left out");
}
