// A real browser without a window.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A browser that shows one page. */
export interface Browser {
  close(): Promise<void>;
}

/** Opens a page in a profile of its own. */
export function openPage(url: string): Browser {
  const profile = mkdtempSync(join(tmpdir(), "browser-test-"));
  const quiet = ["--no-first-run", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"];
  const child = spawn("chromium", ["--headless", "--no-sandbox", ...quiet, `--user-data-dir=${profile}`, url], {
    detached: true, // a group of its own, so that its helpers end with it
    stdio: "ignore",
  });
  return {
    async close() {
      const exited = once(child, "exit");
      if (child.exitCode === null && child.signalCode === null) {
        process.kill(-child.pid!, "SIGKILL");
        await exited;
      }
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
