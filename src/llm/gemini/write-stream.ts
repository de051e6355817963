// Writes a streamed answer for a client of streamGenerateContent.
import type { ReplyIdentity, StreamWriter } from "../format.ts";
import type { Fault } from "../message/fault.ts";
import type { Signature } from "../message/request.ts";
import type { FinishReason } from "../message/response.ts";
import { mergeUsage, type Usage } from "../message/usage.ts";
import { writeError } from "./errors.ts";
import { finishReason } from "./finish.ts";
import { writeLogprobs } from "./logprobs.ts";
import type { Frames } from "./stream-frames.ts";
import { usageMetadata } from "./usage.ts";
import { proofPart, type ThoughtView, thoughtView } from "./write-response-parts.ts";
import { StreamedCalls } from "./write-stream-calls.ts";

/** One of the answers. */
interface Candidate {
  readonly calls: StreamedCalls;
  /** The current thought, as far as the client does not see it. */
  hidden: string;
  summary: boolean;
  /** For the next text; null: none. */
  logprobs: unknown;
  /** How it has ended; null: it goes on. */
  ending: object | null;
}

/** Chunks have new parts each; calls come whole, and reasons and usage last. */
export class GeminiStreamWriter implements StreamWriter {
  hasContent = false;
  readonly #frames: Frames;
  readonly #view: ThoughtView;
  /** Of every chunk, behind its candidate. */
  readonly #tail: string;
  readonly #candidates: Candidate[] = [];
  #usage: Usage | null = null;
  #out = "";

  constructor({ id, model, request }: ReplyIdentity, frames: Frames) {
    this.#frames = frames;
    this.#view = thoughtView(request);
    this.#tail = `"modelVersion":${JSON.stringify(model)},"responseId":${JSON.stringify(id)}}`;
  }

  take(): string {
    const out = this.#out;
    this.#out = "";
    return out;
  }

  /** Gemini has no event for it. */
  start(): void {}

  text(choice: number, text: string): void {
    if (text === "") return;
    const candidate = this.#goOn(choice);
    const logprobs = candidate.logprobs === null ? null : writeLogprobs(candidate.logprobs);
    candidate.logprobs = null;
    this.#parts(choice, [{ text }], logprobs === null ? "" : `,"logprobsResult":${JSON.stringify(logprobs)}`);
  }

  refusal(choice: number, text: string): void {
    this.text(choice, text);
  }

  reasoning(choice: number, text: string, summary: boolean): void {
    if (text === "") return;
    const candidate = this.#goOn(choice);
    candidate.summary = summary;
    if (this.#view.visible) this.#parts(choice, [{ text, thought: true }]);
    else candidate.hidden += text;
  }

  reasoningEnd(choice: number, signature: Signature | null, redacted: boolean, id: string | null): void {
    const candidate = this.#candidate(choice);
    const { hidden, summary } = candidate;
    candidate.hidden = "";
    const part = proofPart({ text: hidden, summary, signature, redacted, id }, "", this.#view);
    if (part !== null) this.#parts(choice, [part]);
  }

  toolStart(choice: number, tool: number, id: string, name: string, freeform: boolean): void {
    this.#candidate(choice).calls.start(tool, id, name, freeform);
  }

  toolArguments(choice: number, tool: number, piece: string): void {
    this.#candidate(choice).calls.add(tool, piece);
  }

  toolEnd(choice: number, tool: number, signature: Signature | null): void {
    this.#candidate(choice).calls.end(tool, signature);
  }

  logprobs(choice: number, logprobs: unknown): void {
    this.#candidate(choice).logprobs = logprobs;
  }

  usage(usage: Usage): void {
    this.#usage = mergeUsage(this.#usage, usage);
  }

  finish(choice: number, reason: FinishReason): void {
    const candidate = this.#candidate(choice);
    this.#parts(choice, candidate.calls.take(true));
    const malformed = reason === "length" ? null : candidate.calls.malformed;
    candidate.ending = malformed ?? { finishReason: finishReason(reason) };
  }

  end(): void {
    const ended = this.#candidates.flatMap(({ ending, logprobs }, index) => {
      if (ending === null) return [];
      const result = logprobs === null ? null : writeLogprobs(logprobs);
      // A message without parts would make clients forget the whole answer.
      const content = { parts: [{ text: "" }], role: "model" };
      return [{ content, ...ending, ...(result === null ? {} : { logprobsResult: result }), index }];
    });
    const usage = this.#usage === null ? "" : `"usageMetadata":${JSON.stringify(usageMetadata(this.#usage))},`;
    this.#chunk(`{"candidates":${JSON.stringify(ended)},${usage}${this.#tail}`);
    this.#out += this.#frames.end();
  }

  fault(fault: Fault): void {
    this.#chunk(JSON.stringify(writeError(fault, "").body));
    this.#out += this.#frames.end();
  }

  /**
   * The answer goes on behind its calls. They are written together: clients keep each chunk as a message, and calls made in
   * parallel must be in one.
   */
  #goOn(choice: number): Candidate {
    const candidate = this.#candidate(choice);
    this.#parts(choice, candidate.calls.take(false));
    return candidate;
  }

  #parts(choice: number, parts: readonly object[], more = ""): void {
    if (parts.length === 0) return;
    const content = `"content":{"parts":${JSON.stringify(parts)},"role":"model"}`;
    this.#chunk(`{"candidates":[{${content}${more},"index":${choice}}],${this.#tail}`);
  }

  #chunk(json: string): void {
    this.#out += this.#frames.chunk(json);
    this.hasContent = true;
  }

  #candidate(choice: number): Candidate {
    let candidate = this.#candidates[choice];
    if (candidate === undefined) {
      candidate = { calls: new StreamedCalls(), hidden: "", summary: false, logprobs: null, ending: null };
      this.#candidates[choice] = candidate;
    }
    return candidate;
  }
}
