/**
 * How GraphiQL asks: queries get their answer as JSON; a subscription gets its events as they come, out of server-sent
 * events. Which of them an operation is, the server says by the type of its answer.
 */

/** @param {string} event One server-sent event. */
const resultOf = (event) => /^event: next\ndata: (.*)$/m.exec(event)?.[1];

/** @param {ReadableStream<Uint8Array>} body */
async function* resultsOf(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const events = (text + value).split("\n\n");
    text = events.pop() ?? "";
    for (const event of events) {
      const result = resultOf(event);
      if (result !== undefined) yield JSON.parse(result);
    }
  }
}

/** @param {string} endpoint */
export const createFetcher =
  (endpoint) =>
  /**
   * @param {{ query: string, variables?: unknown, operationName?: string | null }} request
   * @param {{ headers?: Record<string, string> }} [options]
   */
  async (request, { headers = {} } = {}) => {
    const controller = new AbortController();
    const response = await fetch(endpoint, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json, text/event-stream", ...headers },
      body: JSON.stringify(request),
      signal: controller.signal,
    });
    const isStream = response.headers.get("content-type")?.startsWith("text/event-stream");
    if (!isStream || !response.body) return response.json();
    const results = resultsOf(response.body);
    return {
      next: () => results.next(),
      /** Also while an event is waited for. */
      return: () => {
        controller.abort();
        return Promise.resolve({ done: true, value: undefined });
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  };
