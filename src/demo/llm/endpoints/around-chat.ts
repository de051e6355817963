// Everything beside chat that OpenAI and servers compatible with it offer.
import type { Route } from "../api.ts";
import { audioRoutes } from "./audio.ts";
import { batchRoutes } from "./batches.ts";
import { completionsRoute } from "./completions.ts";
import { embeddingsRoute } from "./embeddings.ts";
import { fileRoutes } from "./files.ts";
import { imageRoutes } from "./images.ts";
import { modelRoutes } from "./models.ts";
import { moderationsRoute } from "./moderations.ts";

/** Routes of a mock provider, behind its own. @param kind of the provider */
export function routesAroundChat(kind: string): readonly Route[] {
  return [
    completionsRoute(kind),
    embeddingsRoute,
    moderationsRoute,
    ...modelRoutes(kind),
    ...fileRoutes,
    ...batchRoutes,
    ...audioRoutes,
    ...imageRoutes,
  ];
}
