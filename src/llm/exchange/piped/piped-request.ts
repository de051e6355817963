// Which provider an operation is passed to, and with which credential: the one that has the object it names.
import type { RequestContext } from "../../../core/context.ts";
import { getField } from "../../../wire/fields.ts";
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

/** What is asked. */
export interface PipedAsked {
  readonly api: Api;
  readonly operation: Operation;
  /** Path behind that of the operation. */
  readonly rest: string;
}

/** Operations without objects that are kept. */
const OBJECTLESS: ReadonlySet<Operation> = new Set<Operation>(["audio", "images"]);

/** A request that is ready to be sent. */
export class PipedRequest {
  readonly ctx: RequestContext;
  readonly provider: Provider;
  readonly settings: LlmSettings;
  readonly target: string;
  readonly fields: readonly string[];
  readonly #owners: Owners;
  readonly #credential: Credential;

  /** @throws LlmError nobody can serve the operation, or who has its object is unknown */
  constructor(ctx: RequestContext, setup: RuleSetup, client: ClientCredentials, asked: PipedAsked) {
    this.ctx = ctx;
    this.settings = setup.settings;
    this.#owners = setup.owners;
    const { provider, credential } = choose(ctx, setup, client, asked);
    this.provider = provider;
    this.#credential = credential;
    const query = withoutCredentialParameters(ctx.edit?.query ?? ctx.query);
    const path = provider.kind.operations[asked.operation]! + asked.rest;
    this.target = provider.settings.basePath + path + query;
    const fields = passedClientFields(ctx);
    const type = getField(ctx.fields, "content-type");
    if (type !== undefined) fields.push("content-type", type);
    addProviderFields(provider, credential, fields);
    this.fields = fields;
  }

  /** Who pays. */
  get billed(): Credential["origin"] {
    return this.#credential.origin;
  }

  /** The provider has made an object. */
  made(id: string): void {
    const { id: provider } = this.provider.settings;
    this.#owners.set(principalOf(this.ctx), id, { provider, fingerprint: this.#credential.fingerprint });
  }
}

interface Chosen {
  readonly provider: Provider;
  readonly credential: Credential;
}

function choose(ctx: RequestContext, setup: RuleSetup, client: ClientCredentials, asked: PipedAsked): Chosen {
  const { operation, api, rest } = asked;
  const all = new Set(setup.order.candidates.map(({ provider }) => provider));
  const able = [...all].filter(({ kind }) => apiOfKind(kind) === api && kind.operations[operation] !== undefined);
  if (able.length === 0) throw new LlmError(faultOf("notFound", `No provider here offers ${operation}`));
  const id = OBJECTLESS.has(operation) ? null : objectIn(operation, rest);
  const owner = id === null ? null : setup.owners.get(principalOf(ctx), id, operation);
  // Clients that are not told apart, and a single account: there is nobody else who could have it.
  const isSingle = principalOf(ctx) === "" && able.length === 1 && able[0]!.settings.apiKeys.length <= 1;
  if (id !== null && owner === null && !isSingle && !client.any) throw unknownOwner(operation, id);
  return withCredential(setup, client, able, owner);
}

function withCredential(
  { credentials }: RuleSetup,
  client: ClientCredentials,
  able: readonly Provider[],
  owner: Owner | null,
): Chosen {
  let fault: Fault | null = null;
  for (const provider of able) {
    if (owner !== null && owner.provider !== provider.settings.id) continue;
    const found = credentials.resolve(
      { provider: provider.settings, model: "", native: true, renamed: false },
      { client, conversation: null, tried: [], operatorPays: false, owner: owner?.fingerprint ?? null },
    );
    if (found.credential !== null) return { provider, credential: found.credential };
    fault ??= ineligibleFault(found.reason, found.retryAfterMs);
  }
  throw new LlmError(fault ?? faultOf("notFound", "The provider that has the object is not configured any more"));
}

/** The id of the object that a path names; null: it names a collection. */
function objectIn(operation: Operation, rest: string): string | null {
  const segments = rest.split("/").filter((segment) => segment !== "");
  const id = operation === "fineTuning" ? segments[1] : segments[0];
  return id === undefined || VERBS.has(id) ? null : id;
}

/** What follows a collection and is no object of it. */
const VERBS: ReadonlySet<string> = new Set(["compact", "input_tokens", "generations", "edits", "variations"]);
