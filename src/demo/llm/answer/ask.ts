// What a request asks of a model, whatever API it came by.
import type { Commands } from "../commands.ts";

/** A tool on offer. */
export interface OfferedTool {
  readonly name: string;
  /** JSON schema of its arguments; null: none. */
  readonly schema: Readonly<Record<string, unknown>> | null;
  /** Takes any text instead of JSON. */
  readonly freeform: boolean;
}

/** What is asked. */
export interface Ask {
  /** Text of the last user turn, without commands. */
  readonly prompt: string;
  /** Pictures and other attachments of the last user turn, by kind, such as `image`. */
  readonly attachments: readonly string[];
  /** Results of tools after the last answer; empty: none. */
  readonly results: readonly string[];
  readonly tools: readonly OfferedTool[];
  /** Whether tools may, must or must not be called. */
  readonly choice: "auto" | "none" | "required";
  /** Names of the tools that may be called; null: all. */
  readonly allowed: readonly string[] | null;
  readonly parallel: boolean;
  readonly thinks: boolean;
  /** Most tokens of the answer; null: no limit. */
  readonly maxTokens: number | null;
  readonly stop: readonly string[];
  /** Shape of the answer; null: text. */
  readonly schema: Readonly<Record<string, unknown>> | null;
  readonly choices: number;
  readonly commands: Commands;
  /** Hexadecimal digits that differ for every request body: ids are made of them. */
  readonly seed: string;
  /** Tokens of the prompt. */
  readonly input: number;
  /** Of these, read from the cache. */
  readonly cacheRead: number;
  /** Of these, written to the cache. */
  readonly cacheWrite: number;
}
