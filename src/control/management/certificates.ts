// `/certificates`: the certificates ordered by ACME, when they expire, and their last failure.
import type { SetStatus } from "../../acme/keeper.ts";
import { json } from "./answer.ts";
import { type GatewayView, timestamp } from "./gateway-view.ts";
import type { Operation } from "./operation.ts";

/** Operations of the group `health`. */
export function certificateOperations(view: GatewayView): readonly Operation[] {
  const all = () => json({ certificates: view.certificates().map(shown) });
  return [{ method: "GET", path: "/certificates", group: "health", run: all }];
}

function shown({ names, notAfter, failure }: SetStatus): unknown {
  return {
    names,
    notAfter: notAfter === null ? null : timestamp(notAfter),
    failure:
      failure === null
        ? null
        : {
            time: timestamp(failure.at),
            reason: failure.reason,
            failures: failure.count,
            nextTry: timestamp(failure.until),
          },
  };
}
