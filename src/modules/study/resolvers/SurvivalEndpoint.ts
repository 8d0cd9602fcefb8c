import type { SurvivalEndpointResolvers } from "./../../types.generated.ts";
export const SurvivalEndpoint: SurvivalEndpointResolvers = {
  /* Implement SurvivalEndpoint resolver logic here */
  events: async (_parent, _arg, _ctx) => {
    /* SurvivalEndpoint.events resolver is required because SurvivalEndpoint.events exists but SurvivalEndpointMapper.events does not */
  },
  patients: async (_parent, _arg, _ctx) => {
    /* SurvivalEndpoint.patients resolver is required because SurvivalEndpoint.patients exists but SurvivalEndpointMapper.patients does not */
  },
};
