import type { GraphQLContext } from "../../../context.ts";
import type { SubscriptionResolvers } from "../../../types.generated.ts";
import { findWatchedJob, watchJob } from "../../job.service.ts";

export const jobProgress: NonNullable<SubscriptionResolvers["jobProgress"]> = {
  subscribe: (_parent, { id }, context) => watchJob(context, id),
  resolve: (change: { id: string }, _arguments: unknown, context: GraphQLContext) => findWatchedJob(context, change.id),
};
