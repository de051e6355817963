// The flat field list node:http2 passes to its listeners behind the documented arguments (documented from Node 24 on).

/** Flat name, value list as received. @param rest arguments behind headers and flags */
export function rawFields(rest: readonly unknown[]): readonly string[] {
  return Array.isArray(rest[0]) ? (rest[0] as string[]) : [];
}
