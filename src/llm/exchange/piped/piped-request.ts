// Which provider an operation is passed to, and with which credential: the one that has the object it names.
import type { RequestContext } from "../../../core/context.ts";
import { clientAuthority, clientScheme } from "../../../wire/client-view.ts";
import { getField, isField } from "../../../wire/fields.ts";
import type { ClientCredentials } from "../../credentials/client-credentials.ts";
import type { Credential } from "../../credentials/credential.ts";
import { type Owner, type Owners, unknownOwner } from "../../credentials/owners.ts";
import { ineligibleFault } from "../../credentials/resolve.ts";
import { withoutCredentialParameters } from "../../credentials/stripped.ts";
import { type Fault, faultOf, LlmError } from "../../message/fault.ts";
import type { Operation } from "../../providers/kinds.ts";
import type { LlmSettings } from "../../settings.ts";
import { addProviderFields, passedClientFields } from "../build-request.ts";
import { principalOf } from "../call.ts";
import { apiOfKind, type Provider } from "../candidates/provider.ts";
import type { Api } from "../operation.ts";
import type { RuleSetup } from "../setup.ts";
import { severalOwners } from "../stored-answers.ts";
import type { ReadBody } from "./piped-body.ts";

/** What is asked. */
export interface PipedAsked {
  readonly api: Api;
  readonly operation: Operation;
  /** Path behind that of the operation. */
  readonly rest: string;
  /** null: the body is passed as it comes. */
  readonly body: ReadBody | null;
}

/** Where Google wants the bytes of a file. */
const UPLOAD_FIELD = "x-goog-upload-url";

/** Operations without objects that are kept. */
const OBJECTLESS: ReadonlySet<Operation> = new Set<Operation>(["audio", "images"]);

/** A request that is ready to be sent. */
export class PipedRequest {
  readonly ctx: RequestContext;
  readonly provider: Provider;
  readonly settings: LlmSettings;
  readonly target: string;
  readonly fields: readonly string[];
  readonly body: Buffer | null;
  /** The answer is a list of what the account has, of which only the client's own is for it. */
  readonly isShared: boolean;
  readonly #owners: Owners;
  readonly credential: Credential;

  /** @throws LlmError nobody can serve the operation, or who has its object is unknown */
  constructor(ctx: RequestContext, setup: RuleSetup, client: ClientCredentials, asked: PipedAsked) {
    this.ctx = ctx;
    this.settings = setup.settings;
    this.#owners = setup.owners;
    const { provider, credential } = choose(ctx, setup, client, asked);
    this.provider = provider;
    this.credential = credential;
    const query = withoutCredentialParameters(ctx.edit?.query ?? ctx.query);
    const path = provider.kind.operations[asked.operation]! + asked.rest;
    this.target = provider.settings.basePath + path + query;
    const fields = passedClientFields(ctx);
    this.body = asked.body?.bytes ?? null;
    for (const name of this.body === null ? ["content-type", "content-encoding"] : ["content-type"]) {
      const value = getField(ctx.fields, name);
      if (value !== undefined) fields.push(name, value);
    }
    const isList = ctx.method === "GET" && !OBJECTLESS.has(asked.operation) && /^\/?$/.test(asked.rest);
    this.isShared = isList && credential.origin === "operator" && principalOf(ctx) !== "";
    addProviderFields(provider, credential, fields);
    this.fields = fields;
  }

  /** Who pays. */
  get billed(): Credential["origin"] {
    return this.credential.origin;
  }

  /** Rewrites where the bytes of an upload are to be sent, in place: through the gateway, which has the credential for it. */
  putUploadsHere(fields: string[]): void {
    const at = fields.findIndex((name, i) => i % 2 === 0 && isField(name, UPLOAD_FIELD));
    const gateway = clientAuthority(this.ctx);
    if (at === -1 || gateway === "" || !URL.canParse(fields[at + 1]!)) return;
    const { origin, pathname, search } = new URL(fields[at + 1]!);
    const isHere = origin === this.provider.settings.origin && pathname === this.target.split("?")[0];
    if (isHere) fields[at + 1] = `${clientScheme(this.ctx)}://${gateway}${this.ctx.rawPath}${search}`;
  }

  isOwn(id: string): boolean {
    return this.#owners.isOwn(principalOf(this.ctx), id);
  }

  /** The provider has made an object. */
  made(id: string): void {
    const { id: provider } = this.provider.settings;
    this.#owners.set(principalOf(this.ctx), id, { provider, fingerprint: this.credential.fingerprint });
  }
}

interface Chosen {
  readonly provider: Provider;
  readonly credential: Credential;
}

function choose(ctx: RequestContext, setup: RuleSetup, client: ClientCredentials, asked: PipedAsked): Chosen {
  const { operation, api, rest, body } = asked;
  const all = new Set([...setup.order.candidates, ...setup.open.entries].map(({ provider }) => provider));
  const able = [...all].filter(({ kind }) => apiOfKind(kind) === api && kind.operations[operation] !== undefined);
  if (able.length === 0) throw new LlmError(faultOf("notFound", `No provider here offers ${operation}`));
  const open = able.filter((provider) => isOpen(ctx, setup, provider));
  if (open.length === 0)
    throw new LlmError(faultOf("permission", `This client may not use ${operation}`, null, "model_not_allowed"));
  const named = OBJECTLESS.has(operation) ? null : objectIn(operation, rest);
  const ids = [...(named === null ? [] : [named]), ...(body?.ids ?? [])];
  // Clients that are not told apart, and a single account: there is nobody else who could have it.
  const isSingle = principalOf(ctx) === "" && open.length === 1 && open[0]!.settings.apiKeys.length <= 1;
  let found: Owner | null = null;
  for (const id of isSingle ? [] : ids) {
    const owner = setup.owners.get(principalOf(ctx), id, operation);
    if (owner === null && !client.any) throw unknownOwner(operation, id);
    if (owner !== null && found !== null && owner.fingerprint !== found.fingerprint) throw severalOwners(operation);
    found ??= owner;
  }
  return withCredential(ctx, setup, client, open, found);
}

/** What is passed as it is may name any model of the provider: it is for those who may use all of them that are listed. */
function isOpen(ctx: RequestContext, { access, order, open }: RuleSetup, provider: Provider): boolean {
  if (access === null) return true;
  const all = [...order.candidates, ...open.entries.map(({ provider, glob: id }) => ({ provider, id }))];
  return all.every((each) => each.provider !== provider || access.allows(ctx, each.id));
}

function withCredential(
  ctx: RequestContext,
  { credentials }: RuleSetup,
  client: ClientCredentials,
  able: readonly Provider[],
  owner: Owner | null,
): Chosen {
  // What a client keeps is with one account as long as that works: it has one list of it.
  const conversation = `objects of ${principalOf(ctx)}`;
  let fault: Fault | null = null;
  for (const provider of able) {
    if (owner !== null && owner.provider !== provider.settings.id) continue;
    const found = credentials.resolve(
      { provider: provider.settings, model: "", native: true, renamed: false },
      { client, conversation, tried: [], operatorPays: false, owner: owner?.fingerprint ?? null },
    );
    if (found.credential !== null) return { provider, credential: found.credential };
    fault ??= ineligibleFault(found.reason, found.retryAfterMs);
  }
  throw new LlmError(fault ?? faultOf("notFound", "The provider that has the object is not configured any more"));
}

/** The id of the object that a path names; null: it names a collection. */
function objectIn(operation: Operation, rest: string): string | null {
  const segments = rest.split("/").filter((segment) => segment !== "");
  const at = operation === "fineTuning" ? 1 : operation === "longRunning" ? 2 : 0;
  const id = segments[at]?.split(":")[0]; // Gemini: `batches/{id}:cancel`
  return id === undefined || VERBS.has(id) ? null : id;
}

/** What follows a collection and is no object of it. */
const VERBS: ReadonlySet<string> = new Set(["compact", "input_tokens", "generations", "edits", "variations"]);
