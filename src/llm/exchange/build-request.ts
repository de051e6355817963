// The request to one candidate: the client's own bytes where the provider speaks its format, else a translation of them.
import type { RequestContext } from "../../core/context.ts";
import { getField } from "../../wire/fields.ts";
import { WholeBody } from "../../wire/whole-body.ts";
import { editedJson, type JsonEdits } from "../bytes/json-edit.ts";
import { isProblem } from "../bytes/json-members.ts";
import { LONG } from "../bytes/long-texts.ts";
import { writeJson } from "../bytes/write-json.ts";
import type { Credential } from "../credentials/credential.ts";
import { withoutCredentialParameters, withoutCredentials } from "../credentials/stripped.ts";
import { numberOr } from "../json/values.ts";
import { invalid, unsupported } from "../message/fault.ts";
import { hasProofs, withoutProofs } from "../reasoning/without-proofs.ts";
import type { Call } from "./call.ts";
import type { BuiltRequest } from "./candidates/choice.ts";
import { apiOfKind, type Candidate, type Provider } from "./candidates/provider.ts";

/** Of the client's request, in lower case: about its body as sent, or its connection, or set anew. */
const REPLACED: ReadonlySet<string> = new Set([
  "accept-encoding",
  "content-encoding",
  "content-length",
  "content-type",
  "forwarded",
  "origin",
  "referer",
]);

/** Whether a candidate gets the client's request as it is, but for the name of the model. */
export function isNative(call: Call, { provider }: Candidate): boolean {
  const { format, place, path } = call.request;
  if (path !== null) {
    return apiOfKind(provider.kind) === path.api && provider.kind.operations[path.operation] !== undefined;
  }
  if (!provider.settings.formats.includes(format.name) || place.framing === "array") return false;
  return format.provider.unseals === true || !call.hasSealed;
}

/**
 * Builds the request to a candidate.
 * @param drops whether proofs of thoughts are left out, because the account of the credential cannot verify them
 * @throws LlmError the candidate cannot serve it, or the request is malformed
 */
export function buildRequest(call: Call, candidate: Candidate, credential: Credential, drops: boolean): BuiltRequest {
  const rewrites = drops && !credential.oauth && call.request.path === null && hasProofs(call.common);
  if (isNative(call, candidate) && !rewrites) return passed(call, candidate, credential);
  return translated(call, candidate, credential, rewrites);
}

function passed(call: Call, candidate: Candidate, credential: Credential): BuiltRequest {
  const { format } = call.request;
  const { provider } = candidate;
  const warnings: string[] = [];
  // A request of a subscription is passed to the byte.
  const edits = credential.oauth ? {} : editsFor(call, candidate, warnings);
  const path = pathFor(call, candidate);
  const query = withoutCredentialParameters(call.ctx.edit?.query ?? call.ctx.query);
  return {
    target: `${provider.settings.basePath}${path}${path.includes("?") ? "" : query}`,
    fields: fieldsFor(provider, credential, passedClientFields(call.ctx)),
    body: new WholeBody(edited(call, edits)),
    format,
    native: true,
    toolNames: null,
    warnings,
  };
}

function pathFor({ request: { path, format, stream } }: Call, { upstreamName, provider }: Candidate): string {
  if (path === null) return format.provider.path(upstreamName, stream);
  const template = provider.kind.operations[path.operation]!;
  const written = template.replace("{model}", encodeURIComponent(upstreamName));
  return path.verb === null ? written : written.replace(/:[a-zA-Z]+$/, `:${path.verb}`);
}

/** What is changed of a request that passes: the name of the model, what its endpoint calls otherwise, the wish for usage. */
function editsFor(call: Call, candidate: Candidate, warnings: string[]): JsonEdits {
  const { json, format, stream, streamUsage, place, path } = call.request;
  const { upstreamName, facts, dialect } = candidate;
  const adapted = path === null ? format.provider.adaptRequest?.(json, candidate, warnings) : undefined;
  const edits: Record<string, string | null | JsonEdits> = { ...adapted };
  if (place.model === null && json.model !== upstreamName) edits.model = JSON.stringify(upstreamName);
  if (path !== null) return edits;
  if (stream && !streamUsage && format.name === "openai-chat" && dialect.streamUsage) {
    edits.stream_options = { include_usage: "true" };
  }
  for (const key of facts.contextOut === 0 ? [] : OUTPUT_LIMITS) {
    const written = edits[key] === undefined ? json[key] : Number(edits[key]);
    if ((numberOr(written) ?? 0) <= facts.contextOut) continue;
    edits[key] = String(facts.contextOut);
    warnings.push(key);
  }
  return edits;
}

/** Where requests bound the output; those of Gemini are adapted by their format. */
const OUTPUT_LIMITS = ["max_tokens", "max_completion_tokens", "max_output_tokens"] as const;

function edited(call: Call, edits: JsonEdits): Buffer | readonly Buffer[] {
  const { bytes, members } = call.request;
  if (Object.keys(edits).length === 0) return bytes;
  const pieces = editedJson(bytes, members, edits);
  if (isProblem(pieces)) throw invalid("stream_options", "must be an object without duplicate keys");
  return bytes.length < LONG ? Buffer.concat(pieces) : pieces;
}

function translated(call: Call, candidate: Candidate, credential: Credential, drops: boolean): BuiltRequest {
  const { path } = call.request;
  if (path !== null) throw unsupported(path.operation);
  const common = drops ? withoutProofs(call.common) : call.common;
  const { provider } = candidate;
  const { formats } = provider.settings;
  const own = call.request.format;
  const format = formats.includes(own.name) ? own : call.setup.formats[formats[0]];
  const { body, warnings, toolNames } = format.provider.writeRequest(common, candidate);
  const target = provider.settings.basePath + format.provider.path(candidate.upstreamName, common.stream);
  const accept = common.stream ? "text/event-stream" : "application/json";
  return {
    target,
    fields: fieldsFor(provider, credential, ["accept", accept, "user-agent", "gateway"]),
    body: new WholeBody(writeJson(body, call.request.long)),
    format,
    native: false,
    toolNames,
    warnings,
  };
}

/** The client's fields, as far as they are for a provider: without those of its body, its connection and the gateway. */
export function passedClientFields({ fields: sent, edit, nominated, credential }: RequestContext): string[] {
  const kept: string[] = [];
  const fields = withoutCredentials(sent);
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!.toLowerCase();
    const value = fields[i + 1]!;
    if (REPLACED.has(name) || name.startsWith("x-forwarded-") || name.startsWith("x-llm-")) continue;
    if (nominated?.has(name) || edit?.drops(name)) continue;
    // What lets the client in here may also be forwarded to its own services, but not to a provider.
    if (credential !== null && credential !== "" && value.includes(credential)) continue;
    kept.push(fields[i]!, value);
  }
  return kept;
}

/** Adds what the provider is to get: its own fields, those of the configuration, and one credential. */
function fieldsFor(provider: Provider, credential: Credential, from: string[]): string[] {
  const fields = [...from, "content-type", "application/json"];
  addProviderFields(provider, credential, fields);
  return fields;
}

/** As {@link fieldsFor}, for a body of any type. */
export function addProviderFields({ settings, kind }: Provider, credential: Credential, fields: string[]): void {
  for (const [name, value] of Object.entries(kind.fields)) {
    if (getField(fields, name) === undefined) fields.push(name, value);
  }
  fields.push(...settings.headers, ...credential.attachTo(settings));
}
