import type { SurvivalEndpointResolvers } from "./../../types.generated.ts";

export const SurvivalEndpoint: SurvivalEndpointResolvers = {
  events: async (endpoint, _arguments, { loaders }) => (await loaders.endpointCounts.load(endpoint)).events,
  patients: async (endpoint, _arguments, { loaders }) => (await loaders.endpointCounts.load(endpoint)).patients,
};
