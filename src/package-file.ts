// Files of the package that are not code: beside `src/`, and beside `dist/`, whose files are all in one folder.

/** @param path from the root of the package */
export function packageFile(path: string): URL {
  return new URL(`../${path}`, import.meta.url);
}
