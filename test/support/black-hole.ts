// A port or UNIX socket where connections are never accepted and no longer even established.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** The place, and its end. */
export interface BlackHole {
  /** 0 for a UNIX socket. */
  readonly port: number;
  close(): void;
}

/** A stopped process with a full queue. @param path of a UNIX socket instead of a port */
export async function blackHole(path?: string): Promise<BlackHole> {
  const where = path === undefined ? { port: 0, host: "127.0.0.1", backlog: 1 } : { path, backlog: 1 };
  const code = `const s = require("node:net").createServer().listen(${JSON.stringify(where)}, () => console.log(s.address().port ?? 0));`;
  const hole: ChildProcess = spawn(process.execPath, ["-e", code], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = (await once(hole.stdout!, "data")) as [Buffer];
  const port = Number(line.toString());
  hole.kill("SIGSTOP");
  const fillers: Socket[] = Array.from({ length: 8 }, () =>
    (path === undefined ? connect(port, "127.0.0.1") : connect(path)).on("error", () => undefined),
  );
  await Promise.all(fillers.slice(0, 2).map((socket) => once(socket, "connect")));
  return {
    port,
    close: () => {
      for (const socket of fillers) socket.destroy();
      hole.kill("SIGKILL");
    },
  };
}
