/** What every resolver of one request gets. */
export type GraphQLContext = Record<never, never>;
