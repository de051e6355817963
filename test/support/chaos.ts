// Three backend processes and the trouble they can be brought into, and clients that ask in a loop and count what is lost.
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import type { Command, Mood } from "./chaos-main.ts";

/** Beside this file, as source or compiled. */
const MAIN = import.meta.filename.replace("chaos.", "chaos-main.");

/** One backend process; it keeps its ports when it is started again. */
export class ChaosBackend {
  readonly ports: readonly [http: number, grpc: number];
  #child: ChildProcess;

  private constructor(child: ChildProcess, ports: readonly [number, number]) {
    this.#child = child;
    this.ports = ports;
  }

  static async start(): Promise<ChaosBackend> {
    const child = launch([]);
    return new ChaosBackend(child, await portsOf(child));
  }

  /** How it answers from now on. */
  async feel(mood: Mood): Promise<void> {
    await this.#tell({ mood });
  }

  /** Requests it has had. */
  async requests(): Promise<number> {
    return (await this.#tell("count")) as unknown as number;
  }

  /** SIGKILL; resolves when it is gone. */
  async kill(): Promise<void> {
    const gone = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await gone;
  }

  /** SIGSTOP: the system still takes its connections, and nobody answers. */
  freeze(): void {
    this.#child.kill("SIGSTOP");
  }

  thaw(): void {
    this.#child.kill("SIGCONT");
  }

  async restart(): Promise<void> {
    this.#child = launch(this.ports.map(String));
    await portsOf(this.#child);
  }

  async #tell(command: Command): Promise<unknown> {
    const answered = once(this.#child, "message");
    this.#child.send(command);
    const [answer] = (await answered) as [Record<string, unknown>];
    return answer.requests;
  }
}

function launch(args: readonly string[]): ChildProcess {
  return fork(MAIN, args);
}

async function portsOf(child: ChildProcess): Promise<readonly [number, number]> {
  const [message] = (await once(child, "message")) as [{ readonly ports: readonly [number, number] }];
  return message.ports;
}

/** What a crowd of clients saw. */
export interface Toll {
  readonly asked: number;
  /** What each failed request failed with. */
  readonly lost: readonly string[];
}

/** `clients` ask in a loop, each at least once, until `over`. @param ask rejects, with a reason, where the answer is not the right one */
export async function crowd(clients: number, ask: () => Promise<void>, over: Promise<unknown>): Promise<Toll> {
  let asked = 0;
  let ends = false;
  const lost: string[] = [];
  const one = async () => {
    do {
      asked++;
      await ask().catch((error: unknown) => lost.push(error instanceof Error ? error.message : String(error)));
    } while (!ends);
  };
  const all = Promise.all(Array.from({ length: clients }, one));
  await over;
  ends = true;
  await all;
  return { asked, lost };
}
