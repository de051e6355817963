// How tests reach backends: as a gateway does, without a log.
import { systemClock } from "../../src/core/clock.ts";
import type { Log } from "../../src/core/log.ts";
import type { Network } from "../../src/wire/dial.ts";
import { Names } from "../../src/wire/names/names.ts";
import { Resolver } from "../../src/wire/resolver.ts";
import { Shortage } from "../../src/wire/shortage.ts";

/** A log nobody reads. */
export const NO_LOG: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** @param lookUp how names are looked up */
export function testNetwork(lookUp = new Names().lookUp): Network {
  return {
    resolver: new Resolver(lookUp, () => performance.now()),
    shortage: new Shortage(NO_LOG, systemClock),
    spare: () => false,
  };
}
