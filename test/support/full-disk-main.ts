// A folder of certificates in a process that may write no byte to a file, as on a full disk: `full-disk-main.ts FOLDER`. Prints, as
// JSON, what became of three locks and three records.
import { FolderStore } from "../../src/acme/folder-store.ts";
import { STORE_TIMES } from "../../src/acme/store.ts";

const store = new FolderStore(process.argv[2]!, STORE_TIMES);
const outcomes: string[] = [];
const attempt = (work: Promise<unknown>) =>
  work.then(
    () => outcomes.push("done"),
    (error: Error) => outcomes.push(error.message),
  );
for (let i = 0; i < 3; i++) {
  await attempt(store.lock("lock"));
  await attempt(store.write({ section: "orders", name: "x" }, "1"));
}
process.stdout.write(JSON.stringify(outcomes));
