// One request of a client to a language model, through all attempts: what it asks for, and what is known of its answer.
import { randomUUID } from "node:crypto";
import type { RequestContext } from "../../core/context.ts";
import type { ModelCall } from "../../core/model-call.ts";
import { WholeBody } from "../../wire/whole-body.ts";
import type { JsonObjectSpan } from "../bytes/json-members.ts";
import type { LongText } from "../bytes/long-texts.ts";
import type { ClientCredentials } from "../credentials/client-credentials.ts";
import { conversationOf } from "../credentials/sticky.ts";
import type { ReplyIdentity, RequestPlace, WireFormat } from "../format.ts";
import type { JsonObject } from "../json/values.ts";
import type { Fault } from "../message/fault.ts";
import type { ChatRequest } from "../message/request.ts";
import { addUsage, type Usage } from "../message/usage.ts";
import { hasSealed } from "../reasoning/sealed-thoughts.ts";
import { estimatePrompt } from "../token-estimate.ts";
import type { Choice } from "./candidates/choice.ts";
import type { Candidate } from "./candidates/provider.ts";
import type { OperationPath } from "./operation.ts";
import type { RuleSetup } from "./setup.ts";

/** A request of this size is released once there is content, bytes. */
const LARGE_BYTES = 64 * 1024;
const NOTHING = Buffer.alloc(0);
const NO_OBJECT: JsonObject = {};

/** The request as read. */
export interface ClientRequest {
  /** That of chat at the client's API, also for its other operations: they name models and report usage alike. */
  readonly format: WireFormat;
  /** Where it goes at providers of the same API; null: where chat goes. */
  readonly path: OperationPath | null;
  readonly place: RequestPlace;
  /** As sent, decoded. */
  readonly bytes: Buffer;
  readonly json: JsonObject;
  /** Where the members of {@link json} are in {@link bytes}. */
  readonly members: JsonObjectSpan;
  /** Long texts in {@link json}. */
  readonly long: readonly LongText[];
  /** Name the client asked for. */
  readonly model: string;
  readonly stream: boolean;
  /** Whether a stream is to end with its usage, where that is for the client to choose. */
  readonly streamUsage: boolean;
}

/** One request; `ctx.modelCall` for the log. */
export class Call implements ModelCall {
  readonly ctx: RequestContext;
  readonly setup: RuleSetup;
  request: ClientRequest;
  readonly credentials: ClientCredentials;
  model = "";
  provider = "";
  tokensEstimated = false;
  firstContentMs = -1;
  fallbackReason = "";
  billed = "";
  readonly upstreamIds: string[] = [];
  /** The last fault of a provider, or of the search for a candidate; null: none yet. */
  fault: Fault | null = null;
  /** What was left out or changed for the candidate asked last. */
  warnings: readonly string[] = [];
  /** Something the client would miss has been sent: no other candidate can take over. */
  hasContent = false;
  #common: ChatRequest | null = null;
  /** Of the current attempt: a piece is about a token. */
  #pieces = 0;
  /** Tokens of the prompt, once it is released; -1 before. */
  #estimatedInput = -1;
  #identity: ReplyIdentity | null = null;
  /** Of attempts that are over. */
  #spent: Usage | null = null;
  /** Of the current attempt. */
  #current: Usage | null = null;
  /** undefined: not determined yet. */
  #conversation: string | null | undefined;
  /** undefined: not looked for yet. */
  #hasSealed: boolean | undefined;

  constructor(ctx: RequestContext, setup: RuleSetup, request: ClientRequest, credentials: ClientCredentials) {
    this.ctx = ctx;
    this.setup = setup;
    this.request = request;
    this.credentials = credentials;
    ctx.onDone(() => this.#estimate());
  }

  get requested(): string {
    return this.request.model;
  }

  get format(): string {
    return this.request.format.name;
  }

  get stream(): boolean {
    return this.request.stream;
  }

  get tokens(): Usage | null {
    return addUsage(this.#spent, this.#current);
  }

  /** Whether the request contains what `reasoning/sealed-thoughts.ts` has sealed; its bytes are searched once. */
  get hasSealed(): boolean {
    this.#hasSealed ??= hasSealed(this.request.bytes);
    return this.#hasSealed;
  }

  /**
   * The request in the common form, read when it is first needed.
   * @throws LlmError `invalid`
   */
  get common(): ChatRequest {
    const { format, json, place } = this.request;
    this.#common ??= format.client.readRequest(json, place);
    return this.#common;
  }

  /** Names the client, among those that share keys of the operator; "" anonymous. */
  get principal(): string {
    return principalOf(this.ctx);
  }

  /** Identity of the conversation, which stays with its model and key; null: it has none, as whatever is no chat. */
  get conversation(): string | null {
    const { json, path } = this.request;
    if (path !== null) return null;
    if (this.#conversation === undefined) this.#conversation = conversationOf(this.ctx.fields, json, this.principal);
    return this.#conversation;
  }

  /** How translated answers name themselves; the same through all attempts. */
  get identity(): ReplyIdentity {
    if (this.#identity === null) {
      const { turns: _, ...request } = this.common;
      this.#identity = {
        id: this.request.format.client.replyId(randomUUID().replaceAll("-", "").slice(0, 24)),
        model: this.request.model,
        createdAt: Math.floor(Date.now() / 1000),
        request,
        inputEstimate: estimatePrompt(this.common),
      };
    }
    return this.#identity;
  }

  /** Names what a candidate is asked to do, for what is learnt from its faults: a model may chat and not embed. */
  workOf({ upstreamName }: Candidate): string {
    const { path } = this.request;
    return path === null ? upstreamName : `${upstreamName} ${path.operation}`;
  }

  /** An attempt begins. */
  begins({ id, provider }: Candidate, billed: string): void {
    this.#spent = addUsage(this.#spent, this.#current);
    this.#current = null;
    this.model = id;
    this.provider = provider.settings.id;
    this.billed = billed;
  }

  /** The provider has reported usage; a later report replaces it. */
  used(usage: Usage, estimated = false): void {
    this.#current = usage;
    if (estimated) this.tokensEstimated = true;
  }

  /** Whether the current attempt has reported its usage. */
  get isCounted(): boolean {
    return this.#current !== null;
  }

  /** A piece of content has come. */
  counted(): void {
    this.#pieces++;
  }

  /** Over without a report of usage, by its provider or its client: an estimate takes its place. */
  #estimate(): void {
    if (this.#current !== null || this.#pieces === 0) return;
    const inputEstimate = this.#inputEstimate();
    const usage = {
      input: inputEstimate,
      cacheRead: 0,
      cacheWrite: 0,
      cacheWriteLong: 0,
      output: this.#pieces,
      reasoning: 0,
    };
    this.used(usage, true);
  }

  /** The prompt is not sent again: what is large is not kept for as long as the answer takes. */
  #release(): void {
    if (!this.isCounted) this.#estimatedInput = this.#inputEstimate();
    this.#common = null;
    this.request = { ...this.request, bytes: NOTHING, json: NO_OBJECT, long: [] };
    if (this.ctx.body instanceof WholeBody) this.ctx.body.release();
  }

  #inputEstimate(): number {
    if (this.#estimatedInput >= 0) return this.#estimatedInput;
    if (this.#identity !== null) return this.#identity.inputEstimate;
    try {
      return estimatePrompt(this.common);
    } catch {
      return 0; // a request that passed untranslated may be one that is not understood here
    }
  }

  /** The name the client asked for, as JSON text, if the answer of the candidate would have another. */
  renamedTo({ credential }: Choice): Buffer | null {
    return credential.oauth ? null : Buffer.from(JSON.stringify(this.request.model));
  }

  /** The first content is about to be sent. */
  contentBegins(): void {
    this.hasContent = true;
    if (this.request.bytes.length > LARGE_BYTES) this.#release();
    this.firstContentMs = performance.now() - this.ctx.startedAt;
  }
}

/** Names a client, among those that share keys of the operator; "" anonymous. */
export function principalOf({ identity }: RequestContext): string {
  return identity === null ? "" : `${identity.method} ${identity.subject}`;
}
