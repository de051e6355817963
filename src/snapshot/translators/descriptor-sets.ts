// The descriptor sets of a rule that the configuration brings, read and checked, each with the place that names it.
import { createHash } from "node:crypto";
import type { Config, RuleConfig } from "../../config/config.ts";
import { type Named, plainPath } from "../../config/meaning/descriptors.ts";
import type { Problem } from "../../config/text/problem.ts";
import { type NamedSet, readDescriptorSet } from "../../translators/grpc-json/descriptors/descriptor-set.ts";
import { compileProtos } from "../../translators/grpc-json/proto/sources.ts";
import { digest } from "../digest.ts";

/** A descriptor set that can be made, with its identity. */
interface Described {
  readonly name: string;
  readonly key: string;
  /** Where the configuration names it. */
  readonly at: Named | undefined;
  /** It is set on the rule itself: the configuration is rejected if it is invalid. */
  readonly required: boolean;
  /** Whether a file of it is missing, for which a problem is already reported. */
  readonly missing: boolean;
  make(): Uint8Array;
}

/** In the order of precedence: the rule's own, then what is common to all. */
export function fileSets(config: Config, rule: RuleConfig): Described[] {
  const { contents, directories, named, missing, digest: digestOfAll } = config.descriptors;
  const sets: Described[] = [];
  const addSet = (path: string, required: boolean) => {
    const bytes = contents.get(path);
    if (bytes === undefined || sets.some((set) => set.name === path)) return;
    const at = named.get(path);
    sets.push({ name: path, key: `${path}|${hash(bytes)}`, at, required, missing: false, make: () => bytes });
  };
  const add = (path: string) => addSet(path, false);
  const addFolder = (folder: string) => directories.get(folder)?.forEach(add);
  const own = rule.descriptors;
  if (own !== null) {
    const base64 = own.protoDescriptorBase64.replaceAll(/\s+/g, "");
    if (base64 !== "") {
      const key = `${rule.key}.grpc.protoDescriptorBase64`;
      sets.push({
        name: key,
        key: digest(base64),
        at: named.get(key),
        required: true,
        missing: false,
        make: () => Buffer.from(base64, "base64"),
      });
    } else if (own.protoDescriptor !== "") addSet(own.protoDescriptor, true);
    if (own.protoFiles.length > 0) {
      const { protoFiles: files, importPaths } = own;
      sets.push({
        name: `${rule.id}: protoFiles`,
        // Which of all sources are imported shows only when they are parsed.
        key: `${digest([files, importPaths])}|${digestOfAll}`,
        at: named.get(files[0]!),
        required: true,
        missing: files.some((file) => missing.has(file)),
        make: () => compileProtos({ files, importPaths, read: (path) => contents.get(path) }),
      });
    }
    own.dynamicDescriptors.files.forEach(add);
    own.dynamicDescriptors.directories.forEach(addFolder);
  }
  const global = config.backend.grpc.descriptors;
  global.descriptorFiles.forEach(add);
  global.descriptorDirs.forEach(addFolder);
  const { protocols } = config;
  if (!protocols.grpc.enabled) return sets;
  for (const path of protocols.grpc.descriptorSources.flatMap((source) => source.paths)) {
    add(plainPath(path));
    addFolder(plainPath(path));
  }
  return sets;
}

/** Makes the sets that can be made. @param report called for every other one */
export function readSets(
  config: Config,
  rule: RuleConfig,
  described: readonly Described[],
  report: (problem: Problem) => void,
): NamedSet[] {
  const { failOnError } = config.backend.grpc.descriptors;
  return described.flatMap(({ name, at, required, missing, make }) => {
    if (missing) return [];
    try {
      const set = { name, bytes: make() };
      readDescriptorSet(set);
      return [set];
    } catch (error) {
      const severity = failOnError || required ? "error" : "warning";
      const where = at?.key ?? `rule "${rule.id}"`;
      const message = where === name ? (error as Error).message : `${where}: ${(error as Error).message}`;
      report({ severity, at: at?.at ?? rule.at, message });
      return [];
    }
  });
}

function hash(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex").slice(0, 16);
}
