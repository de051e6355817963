// Loads a configuration from files and environment: every stage in order. The result is a configuration or all of its
// faults.
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { dirname, isAbsolute, join, normalize as normalizePath, resolve } from "node:path";
import type { Fragment } from "../core/registry.ts";
import type { ServerTls } from "../tls/server-tls.ts";
import type { Config, Material } from "./config.ts";
import { unknownKeyCure } from "./cures/unknown-key.ts";
import { withFragments } from "./fragments/join.ts";
import { type DroppedFragment, readFragments } from "./fragments/read.ts";
import { type Checked, settle } from "./fragments/settle.ts";
import { type AcmeMeaning, readAcme } from "./meaning/acme.ts";
import { readAuth } from "./meaning/auth.ts";
import type { AuthConfig } from "./meaning/auth-config.ts";
import { type DescriptorFiles, readDescriptors } from "./meaning/descriptors.ts";
import { Draft } from "./meaning/draft.ts";
import { triedAt, whyNot } from "./meaning/files.ts";
import { completeListener, listenersOf } from "./meaning/listeners.ts";
import { withGrants } from "./meaning/llm/grants.ts";
import { withProviders } from "./meaning/llm/services.ts";
import { checkMappings } from "./meaning/mappings.ts";
import { checkMtls } from "./meaning/mtls.ts";
import { normalize } from "./meaning/normalize.ts";
import { readRbac } from "./meaning/rbac.ts";
import { readServerTls } from "./meaning/server-tls.ts";
import { listenerBlocks } from "./meaning/tls.ts";
import { readMaterial } from "./meaning/tls-files.ts";
import { applyEnvironment, type Environment } from "./schema/environment.ts";
import type { Origin } from "./schema/field.ts";
import { gateway as gatewaySchema, root as rootSchema, type Written } from "./schema/root.ts";
import { rewriteSpellings, rewriteValues } from "./spellings/rewrite.ts";
import { collectErrors } from "./text/collect-errors.ts";
import { mergeInto } from "./text/merge.ts";
import { movePorts, type PortMoves } from "./text/move-ports.ts";
import { parseYaml } from "./text/parse.ts";
import { fillPlaceholders } from "./text/placeholders.ts";
import { placeOf } from "./text/position.ts";
import { ConfigError, type Position, type Problem, Problems } from "./text/problem.ts";
import { NotUtf8, SourceFiles } from "./text/source-files.ts";
import { emptyMap, type MapNode, type Node, textOf } from "./text/tree.ts";

/** Largest configuration file, bytes. */
const MAX_FILE_BYTES = 32 * 1024 * 1024;
/** Most files one configuration may be made of. */
const MAX_FILES = 256;

/** A configuration that is complete. */
export interface Candidate {
  readonly config: Config;
  /** Where a key below `gateway` was written, or the nearest one above it. */
  placeOf(path: readonly (string | number)[]): Position;
}

/** A configuration and what was noticed while loading it. */
export interface Loaded extends Candidate {
  readonly warnings: readonly Problem[];
  /** Fragments that are not in effect, in order of source. */
  readonly dropped: readonly DroppedFragment[];
  /** File name → text, for showing lines. */
  readonly sources: ReadonlyMap<string, string>;
}

/** Where to load from. */
export interface LoadOptions {
  /** Path as the user wrote it; messages repeat it. */
  readonly file: string;
  readonly env: Environment;
  /** Text to use instead of reading {@link file}. */
  readonly text?: string;
  /**
   * Pieces of configuration that registries bring, in any order. They add rules and services and change nothing of the files.
   * One with which something is wrong is dropped; what is wrong with the files is an error whatever the fragments say.
   */
  readonly fragments?: readonly Fragment[];
  /** Moves ports of what is written, before it is read. */
  readonly moves?: PortMoves;
}

/**
 * Loads, checks and completes a configuration.
 * @param files told of every file that was read or missed, also when the configuration is refused
 * @param test finds what else is wrong with a configuration that is complete: errors, which refuse it
 * @throws ConfigError with every problem found in the files
 */
export function loadConfig(
  options: LoadOptions,
  files: SourceFiles = new SourceFiles(),
  test: (candidate: Candidate) => readonly Problem[] = () => [],
): Loaded {
  const problems = new Problems();
  const sources = new Map<string, string>();
  const used = new Set<string>();
  const tree = readFiles(options, problems, sources, files, used);
  if (problems.unreadable) throw new ConfigError(firstPerFile(problems.list), sources);

  const body = gatewayOf(tree);
  if (body !== null) rewriteSpellings(body, problems);
  applyEnvironment(tree, rootSchema.fields!, options.env, used, problems);
  if (options.moves !== undefined) movePorts(tree, options.moves);
  const overridden = gatewayOf(tree);
  if (overridden !== null) rewriteValues(overridden, problems);
  const place = rootOf(tree, problems);
  const below = gatewayOf(tree) ?? emptyMap(tree.at);
  const beforeChecks = problems.copy();
  const alone = complete(place, below, files, options.env, problems);
  if (alone.result === null) throw new ConfigError(problems.list, sources);
  const failed = test(alone.result);
  if (failed.length > 0) throw new ConfigError(failed, sources);

  const { checked, dropped } = settle(alone, readFragments(options.fragments ?? []), (fragments) => {
    const together = beforeChecks.copy();
    for (const { warnings } of fragments) for (const { at, message } of warnings) together.warn(at, message);
    const trees = fragments.map(({ tree }) => tree);
    const joined = withFragments(below, trees, together);
    const candidate = complete(joined, joined, files, options.env, together);
    if (candidate.result !== null) together.list.push(...test(candidate.result));
    return candidate;
  });
  const { config, placeOf } = checked.result!;
  return { config: deepFreeze(config), warnings: checked.problems.warnings, dropped, sources, placeOf };
}

/**
 * Reads what is written by the schema, infers and checks the rest, and reads the files that it names.
 * @param place what stands below `gateway`
 * @param below the same, or an empty mapping where it is none
 * @param env in which keys of providers may be
 */
function complete(
  place: Node,
  below: MapNode,
  files: SourceFiles,
  env: Environment,
  problems: Problems,
): Checked<Candidate> {
  const origins = new Map<string, Origin>();
  const written = gatewaySchema.read(place, "", { problems, origins, schema: gatewaySchema.fields! });
  const backend = withProviders(written.backend, written.llm?.providers ?? {});
  const draft = new Draft({ ...written, backend }, below, origins, problems);
  const meaning = collectErrors(problems, () => normalize(draft, env));
  const material: Material | null = collectErrors(problems, () => readMaterial(draft, files));
  const listeners = meaning?.listeners ?? listenersOf(written, (key) => draft.isGiven(key));
  const blocks = listenerBlocks(listeners, written.management);
  const acme = collectErrors(problems, () => readAcme(draft, blocks, meaning?.stores ?? null, files));
  const served = collectErrors(problems, () => {
    return readServerTls(draft, blocks, files, acme?.sets ?? new Map());
  });
  if (served !== null) checkMtls(draft, served);
  collectErrors(problems, () => checkMappings(draft));
  const descriptors = collectErrors(problems, () => readDescriptors(draft, files));
  const auth = collectErrors(problems, () => readAuth(draft, files, meaning?.stores ?? null));
  const rbac = collectErrors(problems, () => ({ settings: readRbac(draft, auth) }));
  const rules = meaning === null || auth === null ? null : withGrants(draft, meaning.rules, auth);
  if (meaning === null || auth === null || rbac === null || rules === null) return { problems, result: null };
  if (material === null || acme === null || served === null || descriptors === null || problems.errors.length > 0)
    return { problems, result: null };
  const config: Config = {
    written,
    ...meaning,
    rules,
    listeners: meaning.listeners.map((listener) => completeListener(listener, served)),
    managementTls: served.get("management.tls") ?? null,
    auth,
    rbac: rbac.settings,
    acme: acme.accounts,
    origins,
    tlsFiles: material,
    descriptors,
    hash: hashOf([written, auth, meaning.llm], material, served, acme, descriptors),
  };
  return { problems, result: { config, placeOf: (path) => placeOf(below, path) } };
}

function hashOf(
  own: readonly [Written, AuthConfig, Config["llm"]],
  material: Material,
  served: ReadonlyMap<string, ServerTls>,
  { accounts }: AcmeMeaning,
  descriptors: DescriptorFiles,
): string {
  const all = [
    ...own,
    ...material,
    ...served,
    ...accounts,
    ...(descriptors.contents.size > 0 ? [descriptors.digest] : []),
  ];
  return createHash("sha256").update(JSON.stringify(all)).digest("hex").slice(0, 12);
}

/** The mapping below `gateway`, the only key that a file may have. */
function rootOf(tree: MapNode, problems: Problems): Node {
  const entry = tree.entries.get("gateway");
  const fields = gatewaySchema.fields!;
  for (const [key, { keyAt }] of tree.entries) {
    if (key === "gateway" || key.startsWith("x-")) continue;
    const ours = Object.hasOwn(fields, key);
    if (ours && entry === undefined) {
      problems.error(keyAt, 'missing key "gateway": begin the file with "gateway:" and indent the rest by two spaces');
      return emptyMap(tree.at);
    }
    const cure = ours ? '; it belongs below "gateway"' : unknownKeyCure(key, "file", rootSchema.fields!, fields).text;
    problems.error(keyAt, `unknown key "${key}"${cure}`);
  }
  if (entry === undefined && problems.errors.length === 0)
    problems.error(tree.at, 'missing key "gateway", below which router.rules and registry are written');
  return entry?.value ?? emptyMap(tree.at);
}

function gatewayOf(tree: MapNode): MapNode | null {
  const node = tree.entries.get("gateway")?.value;
  return node?.kind === "map" ? node : null;
}

/** Reads the file and everything it includes into one tree. */
function readFiles(
  options: LoadOptions,
  problems: Problems,
  sources: Map<string, string>,
  files: SourceFiles,
  used: Set<string>,
): MapNode {
  const place = { file: options.file, line: 0, column: 0 };
  const read = (file: string, from: Position, text?: string): MapNode => {
    const content = text ?? readText(file, from, files, problems);
    if (content === null) return emptyMap(place);
    sources.set(file, content);
    const parsed = parseYaml(content, file, problems);
    return fillPlaceholders(parsed, { env: options.env, files, used }, problems) as MapNode;
  };
  const tree = read(options.file, place, options.text);
  const queue = includesOf(tree, options.file);
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    if (sources.has(next.file) || resolve(next.file) === resolve(options.file)) continue;
    if (sources.size >= MAX_FILES) {
      problems.error(place, `more than ${MAX_FILES} included files`);
      break;
    }
    const included = read(next.file, next.at);
    queue.push(...includesOf(included, next.file));
    gatewayOf(included)?.entries.delete("include");
    mergeInto(tree, included, problems);
  }
  return tree;
}

function includesOf(tree: MapNode, file: string): { readonly file: string; readonly at: Position }[] {
  const node = gatewayOf(tree)?.entries.get("include")?.value;
  const items = node?.kind === "list" ? node.items : node === undefined ? [] : [node];
  return items.flatMap((item) =>
    item.kind === "scalar" && item.value !== null ? [{ file: besides(textOf(item), file), at: item.at }] : [],
  );
}

/** Included paths are relative to the file that names them. */
function besides(path: string, file: string): string {
  return isAbsolute(path) ? normalizePath(path) : join(dirname(file), path);
}

function readText(file: string, from: Position, files: SourceFiles, problems: Problems): string | null {
  try {
    return files.text(file, MAX_FILE_BYTES);
  } catch (error) {
    if (error instanceof NotUtf8) {
      problems.error({ file, line: error.line, column: 1 }, "this line is not UTF-8; save the file as UTF-8");
      return null;
    }
    const why = whyNot(error);
    const where = triedAt(file);
    if (from.line === 0) problems.error(from, `cannot read configuration: ${why}${where}`);
    else problems.error(from, `cannot read "${file}": ${why}${where}${includeCure(file, why)}`);
    return null;
  }
}

/** Suggests another name for an included file that does not exist; "" for one that exists and cannot be read. */
function includeCure(file: string, why: string): string {
  if (file.includes("*")) return "; list each file; wildcards are not supported";
  if (why === "this is a directory") return "; list each file in it";
  return existsSync(file) ? "" : "; paths in include are relative to the file that contains them";
}

/** The first syntax error of each file: the parser reports others that only follow from it. */
function firstPerFile(problems: readonly Problem[]): readonly Problem[] {
  const seen = new Set<string>();
  return problems.filter((p) => {
    const key = `${p.at?.file ?? ""}${p.severity}`;
    if (p.severity === "error" && seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== "object" || value === null || Object.isFrozen(value) || value instanceof Map) return value;
  Object.freeze(value);
  for (const inner of Object.values(value)) deepFreeze(inner);
  return value;
}
