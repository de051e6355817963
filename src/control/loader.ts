// Loads configurations in a worker thread and receives the result in pieces, so that requests are served meanwhile.
import { once } from "node:events";
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from "node:worker_threads";
import type { Config } from "../config/config.ts";
import type { LoadOptions } from "../config/load.ts";
import { inSlices } from "../core/slices.ts";
import type { Order, Reply } from "./load-thread.ts";
import { type Piece, Unpacker } from "./pack.ts";

/** The thread ends when it has had nothing to load for this long, ms. */
const IDLE_MS = 5000;
/** Memory of the thread; a configuration that needs more is refused, MiB. */
const MAX_MEMORY_MIB = 2048;

/** Result of a load. */
export type Loading =
  | Exclude<Reply, { readonly kind: "loaded" }>
  | (Extract<Reply, { readonly kind: "loaded" }> & { readonly config: Config });

/** Loads one configuration at a time. Call {@link close} when done. */
export class Loader {
  readonly #make: () => Worker;
  #thread: Worker | null = null;
  #idle: NodeJS.Timeout | undefined;

  /** @param make starts the thread */
  constructor(make: () => Worker = startThread) {
    this.#make = make;
  }

  /**
   * Loads, checks and tests a configuration.
   * @param known hash of the one in effect
   * @throws Error when the thread cannot be started, or ends before it has answered
   */
  async load(options: LoadOptions, known: string): Promise<Loading> {
    clearTimeout(this.#idle);
    const thread = (this.#thread ??= this.#start());
    const { port1, port2 } = new MessageChannel();
    try {
      const order: Order = { options: { ...options, env: { ...options.env } }, known, pieces: port2 };
      thread.postMessage(order, [port2]);
      const reply = await answerOf(thread);
      return reply.kind === "loaded" ? { ...reply, config: await inSlices(unpack(port1)) } : reply;
    } finally {
      port1.close();
      this.#idle = setTimeout(() => this.close(), IDLE_MS).unref();
    }
  }

  /** Ends the thread; another load starts a new one. */
  close(): void {
    clearTimeout(this.#idle);
    void this.#thread?.terminate();
    this.#thread = null;
  }

  #start(): Worker {
    const thread = this.#make();
    thread.unref();
    const gone = () => {
      if (this.#thread === thread) this.#thread = null;
    };
    thread.on("error", gone); // the error is reported by the load that waits for the thread
    thread.on("exit", gone);
    return thread;
  }
}

function startThread(): Worker {
  const resourceLimits = { maxOldGenerationSizeMb: MAX_MEMORY_MIB };
  return new Worker(new URL("./load-thread.js", import.meta.url), { resourceLimits });
}

/** @throws Error when the thread fails or ends instead */
async function answerOf(thread: Worker): Promise<Reply> {
  const gone = new AbortController();
  const exited = () => gone.abort();
  thread.once("exit", exited);
  try {
    const [reply] = (await once(thread, "message", { signal: gone.signal })) as [Reply];
    return reply;
  } catch (error) {
    const ended = (error as Error).name === "AbortError";
    throw ended ? new Error("the thread that loads configurations has ended") : error;
  } finally {
    thread.off("exit", exited);
  }
}

function* unpack(pieces: MessagePort): Generator<void, Config> {
  const unpacker = new Unpacker();
  for (let next = receiveMessageOnPort(pieces); next !== undefined; next = receiveMessageOnPort(pieces)) {
    unpacker.add(next.message as Piece);
    yield;
  }
  return unpacker.value as Config;
}
