// Asks a provider which models it has.
import type { RequestContext } from "../../../core/context.ts";
import { withoutCredential } from "../../credentials/conceal.ts";
import type { Credential } from "../../credentials/credential.ts";
import { parseObject } from "../../json/values.ts";
import { type Fault, faultOf, LlmError } from "../../message/fault.ts";
import { addProviderFields } from "../build-request.ts";
import { apiOfKind, type Provider } from "../candidates/provider.ts";
import type { Formats } from "../setup.ts";
import { askService, EMPTY_BODY, type OwnBounds } from "./ask-service.ts";
import { LIST_FORMS, type ListedModel } from "./read-model-list.ts";

/** Most pages that are read, and models that are kept. */
const MAX_PAGES = 5;
const MAX_MODELS = 5_000;

/**
 * The models that a provider lists, each once.
 * @param ctx by which an endpoint is picked; it is not kept
 * @param bounds of each page
 * @throws LlmError (rejects) the provider reports a fault, or sends what is no list
 * @throws Error (rejects) the provider does not answer
 */
export async function askModels(
  provider: Provider,
  formats: Formats,
  credential: Credential,
  ctx: RequestContext,
  bounds: OwnBounds,
): Promise<readonly ListedModel[]> {
  const path = provider.settings.basePath + provider.kind.operations.models!;
  const form = LIST_FORMS[apiOfKind(provider.kind)];
  const fields = ["accept", "application/json", "user-agent", "gateway"];
  addProviderFields(provider, credential, fields);
  const found = new Map<string, ListedModel>();
  let query: string | null = form.first;
  for (let page = 0; query !== null && page < MAX_PAGES && found.size < MAX_MODELS; page++) {
    const request = { method: "GET", target: path + query, fields, body: EMPTY_BODY } as const;
    const { status, fields: received, body } = await askService(provider.service, ctx, request, bounds);
    const object = parseObject(body);
    if (status !== 200) {
      const fault: Fault = formats[provider.settings.formats[0]].provider.readError(status, object, received);
      throw new LlmError(withoutCredential(fault, credential));
    }
    const list = object === null ? null : form.read(object);
    if (list === null) throw new LlmError(faultOf("badGateway", "The provider sent no list of models"));
    for (const model of list.models.slice(0, MAX_MODELS - found.size)) found.set(model.upstreamName, model);
    query = list.next;
  }
  return [...found.values()];
}
