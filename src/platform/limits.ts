/** What one request may ask of the server. Every limit that is reached is `LIMIT_EXCEEDED`, with what to do instead. */
export const LIMITS = {
  /** Base64 of a picture, or of a vector, travels inside the request. */
  bodyBytes: 16 * 1024 * 1024,
  /** Counted while a query is parsed; a vector written out number by number takes one for each. */
  tokens: 20_000,
  /** Study → slides → nodes → patient → slides → … : deep enough for every path that carries meaning. */
  depth: 16,
  /** Fields of a document that are given another name. */
  aliases: 200,
  /** How often one field may be asked for at the root of an operation, under different names. */
  sameRootField: 30,
  /** Estimated before anything runs: about the number of objects in the answer, and more for what computes. */
  cost: 100_000,
  /** After this long a query's statement is cancelled, and its arithmetic ended. */
  querySeconds: 30,
  /** Subscriptions that one viewer may follow at the same time. */
  streams: 50,
} as const;
