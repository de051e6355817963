// An issuer in a process of its own, so that it can be killed: `acme-main.ts '{"settings":…,"names":…,"folder":…}'`.
import { FolderStore } from "../../src/acme/folder-store.ts";
import type { AcmeSettings, NameSet } from "../../src/acme/settings.ts";
import { STORE_TIMES } from "../../src/acme/store.ts";
import { startIssuer } from "./acme.ts";

/** What the process is told. */
export interface IssuerTask {
  readonly settings: AcmeSettings;
  readonly names: NameSet;
  readonly folder: string;
}

const { settings, names, folder } = JSON.parse(process.argv[2]!) as IssuerTask;
const { certificate } = startIssuer(settings, [names], new FolderStore(folder, { ...STORE_TIMES, leaseMs: 400 }));
await certificate();
process.stdout.write("issued\n");
process.exit(0);
