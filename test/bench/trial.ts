// What a trial is: one backend, the subjects in front of it, and the loads each of them has to carry.
import type { Orders } from "./load/window.ts";
import type { Launch } from "./processes.ts";

/** Somebody who is measured. */
export interface TrialSubject {
  readonly id: string;
  /** The program that has to be installed. */
  readonly program?: string;
  /** The package of npm that has to be installed. */
  readonly npmPackage?: string;
  /** Answers how to start it; nothing for the backend itself. */
  readonly prepare?: (folder: string, port: number, upstreamPort: number) => Launch;
}

/** One load, and what it is measured in. */
export interface TrialCase {
  readonly id: string;
  readonly title: string;
  /** What CPU time is divided by; nothing when only memory counts. */
  readonly unit: "message" | "event" | "call" | "handshake" | "answer" | "token" | "stream" | null;
  /** Name of the load generator in `load/`. */
  readonly generator: string;
  readonly orders: Pick<Orders, "connections" | "bytes" | "path" | "warmMs" | "handshake" | "llm">;
  /** Who takes part; all when absent. */
  readonly only?: readonly string[];
  /** Measured once, whatever the number of rounds. */
  readonly once?: boolean;
  readonly note?: string;
}

/** Subjects that share a backend and run at the same time. */
export interface Trial {
  readonly id: string;
  readonly upstream: (port: number) => Launch;
  readonly subjects: readonly TrialSubject[];
  readonly cases: readonly TrialCase[];
  /** Whose CPU time the others are divided by. */
  readonly reference: string;
}
