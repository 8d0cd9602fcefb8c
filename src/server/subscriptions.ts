import type { ApolloServerPlugin } from "@apollo/server";
import { ApolloServerErrorCode } from "@apollo/server/errors";
import {
  createSourceEventStream,
  type DocumentNode,
  type ExecutionResult,
  execute,
  type FormattedExecutionResult,
  GraphQLError,
  type GraphQLFormattedError,
  type GraphQLSchema,
  getOperationAST,
  OperationTypeNode,
  parse,
  specifiedRules,
  type ValidationRule,
  validate,
} from "graphql";
import { LIMITS } from "../platform/limits.ts";
import { requireAffordable } from "./queryCost.ts";
import { runAsQuery } from "./requestScope.ts";

/** The body of a GraphQL request over HTTP. */
export type GraphQLRequest = {
  query: string;
  variables?: Record<string, unknown> | null | undefined;
  operationName?: string | null | undefined;
};

export type SubscriptionOptions<Context> = {
  schema: GraphQLSchema;
  rules: readonly ValidationRule[];
  formatError: (formatted: GraphQLFormattedError, error: unknown) => GraphQLFormattedError;
  /** Made anew for each event, so that nothing that was read for one is told in the next. */
  context: (signal: AbortSignal) => Promise<Context>;
  /** How long the work for one event may take. */
  queryMs: number;
};

export const STREAMS_FIX =
  "POST subscriptions to /graphql/stream, or with `Accept: text/event-stream`; queries and mutations to /graphql.";

/** Whether the request asks for a subscription; one that cannot be read does not. */
export const isSubscription = ({ query, operationName }: GraphQLRequest): boolean => {
  try {
    const document = parse(query, { maxTokens: LIMITS.tokens });
    return getOperationAST(document, operationName)?.operation === OperationTypeNode.SUBSCRIPTION;
  } catch {
    return false;
  }
};

/** Tells those who ask for a subscription like for a query where it is. */
export const subscriptionsElsewherePlugin = (): ApolloServerPlugin => ({
  requestDidStart: async () => ({
    didResolveOperation: async ({ operation }) => {
      if (operation?.operation !== OperationTypeNode.SUBSCRIPTION) return;
      throw new GraphQLError("A subscription is a stream.", {
        extensions: { code: ApolloServerErrorCode.BAD_REQUEST, fix: STREAMS_FIX, http: { status: 400 } },
      });
    },
  }),
});

/** A request error with the code that Apollo Server gives it in answers to queries. */
class RequestError extends Error {
  readonly code: string;
  readonly errors: readonly GraphQLError[];
  constructor(code: string, errors: readonly GraphQLError[]) {
    super(code);
    this.code = code;
    this.errors = errors;
  }
}

const refuse = (code: string, message: string, fix: string): RequestError =>
  new RequestError(code, [new GraphQLError(message, { extensions: { code, fix } })]);

const parseRequest = (query: string): DocumentNode => {
  try {
    return parse(query, { maxTokens: LIMITS.tokens });
  } catch (error) {
    throw error instanceof GraphQLError ? new RequestError(ApolloServerErrorCode.GRAPHQL_PARSE_FAILED, [error]) : error;
  }
};

/** @throws RequestError, GraphQLError for what may not be asked */
const readDocument = <Context>(request: GraphQLRequest, { schema, rules }: SubscriptionOptions<Context>) => {
  const document = parseRequest(request.query);
  const errors = validate(schema, document, [...specifiedRules, ...rules]);
  if (errors.length > 0) throw new RequestError(ApolloServerErrorCode.GRAPHQL_VALIDATION_FAILED, errors);
  const operation = getOperationAST(document, request.operationName);
  if (!operation) {
    const fix = "Send one operation, or name it in operationName.";
    throw refuse(ApolloServerErrorCode.OPERATION_RESOLUTION_FAILURE, "It is not clear which operation is meant.", fix);
  }
  if (operation.operation !== OperationTypeNode.SUBSCRIPTION) {
    throw refuse(ApolloServerErrorCode.BAD_REQUEST, `A ${operation.operation} is no stream.`, STREAMS_FIX);
  }
  requireAffordable(schema, document, operation, request.variables ?? {}, LIMITS.cost);
  return document;
};

/** As Apollo hands errors to its own formatter: with a code, whatever they are. */
const enrich = (error: GraphQLError, code: string): GraphQLFormattedError => {
  const formatted = error.toJSON();
  return { ...formatted, extensions: { ...formatted.extensions, code: error.extensions.code ?? code } };
};

const asGraphQLError = (error: unknown): GraphQLError => {
  if (error instanceof GraphQLError) return error;
  const originalError = error instanceof Error ? error : new Error(String(error));
  return new GraphQLError(originalError.message, { originalError });
};

const INTERNAL = ApolloServerErrorCode.INTERNAL_SERVER_ERROR;

/**
 * Runs a subscription: one result an event, each with its errors in the form of answers to queries. What the request itself
 * does wrong is the only result. Ends with the subscription, or when `signal` aborts.
 */
export async function* runSubscription<Context>(
  request: GraphQLRequest,
  options: SubscriptionOptions<Context>,
  signal: AbortSignal,
): AsyncGenerator<FormattedExecutionResult> {
  const { schema, formatError, context, queryMs } = options;
  const format = (errors: readonly GraphQLError[], code: string) =>
    errors.map((error) => formatError(enrich(error, code), error));
  const formatResult = ({ errors, ...result }: ExecutionResult): FormattedExecutionResult => ({
    ...(errors && { errors: format(errors, INTERNAL) }),
    ...result,
  });
  const describe = (error: unknown): FormattedExecutionResult => ({
    errors:
      error instanceof RequestError ? format(error.errors, error.code) : format([asGraphQLError(error)], INTERNAL),
  });
  try {
    const document = readDocument(request, options);
    const shared = {
      schema,
      document,
      ...(request.variables && { variableValues: request.variables }),
      ...(request.operationName && { operationName: request.operationName }),
    };
    const source = await runAsQuery(signal, queryMs, async () => {
      const stream = await createSourceEventStream({ ...shared, contextValue: await context(signal) });
      if (Symbol.asyncIterator in stream) return stream;
      // Without a place in the document it is about the variables.
      const errors = stream.errors ?? [];
      return { errors: errors.flatMap((error) => format([error], error.path ? INTERNAL : "BAD_USER_INPUT")) };
    });
    if (!(Symbol.asyncIterator in source)) {
      yield source;
      return;
    }
    for await (const event of source) {
      yield await runAsQuery(signal, queryMs, async (timed) =>
        formatResult(await execute({ ...shared, rootValue: event, contextValue: await context(timed) })),
      );
    }
  } catch (error) {
    // Nobody is left to tell.
    if (!signal.aborted) yield describe(error);
  }
}
