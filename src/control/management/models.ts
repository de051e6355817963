// `/llm/models`: the language models of the rules, and the credentials they are asked with.
import type { ModelReport } from "../../core/model-report.ts";
import { json } from "./answer.ts";
import type { GatewayView } from "./gateway-view.ts";
import type { Operation } from "./operation.ts";

/** Operations of the group. */
export function modelOperations(view: GatewayView): readonly Operation[] {
  return [
    {
      method: "GET",
      path: "/llm/models",
      group: "routes",
      run: async () => json({ models: (await view.ask("models", null)).map(describeModel) }),
    },
  ];
}

/** A model as JSON for operators; durations in seconds. */
export function describeModel({ keys, restsMs, ...rest }: ModelReport): DescribedModel {
  return { ...rest, keys: keys.map(({ state, forMs }) => ({ state, for: forMs / 1000 })), rests: restsMs / 1000 };
}

/** As {@link ModelReport}, in seconds. */
export interface DescribedModel extends Omit<ModelReport, "keys" | "restsMs"> {
  readonly keys: readonly { readonly state: ModelReport["keys"][number]["state"]; readonly for: number }[];
  readonly rests: number;
}
