import { Agent, request } from "node:http";
import pg from "pg";

/**
 * The other side of `npm run bench -- search`: a process of its own asks the server and the database, so that its own
 * work counts for neither. Forked; answers each message with one.
 */

export type Statement = { text: string; values: unknown[] };
export type ClientTask =
  /** One after the other, by GraphQL and by its bare statements, alternating which goes first. */
  | { kind: "paired"; url: string; databaseUrl: string; requests: { body: string; statements: Statement[] }[] }
  /** `clients` at a time, each on a connection of its own, until the time is up. */
  | { kind: "load"; url: string; clients: number; seconds: number; bodies: string[] };
export type ClientResult = { graphqlMs: number[]; sqlMs: number[]; perSecond: number };

const post = (url: string, agent: Agent, body: string): Promise<number> => {
  const began = performance.now();
  return new Promise((resolve, reject) => {
    const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
    const sent = request(`${url}/graphql`, { method: "POST", agent, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => {
        const text = Buffer.concat(chunks).toString();
        if (text.startsWith('{"data":{"similarPatches":{')) resolve(performance.now() - began);
        else reject(new Error(`The query failed: ${text.slice(0, 500)}`));
      });
    });
    sent.on("error", reject);
    sent.end(body);
  });
};

const paired = async ({ url, databaseUrl, requests }: ClientTask & { kind: "paired" }): Promise<ClientResult> => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  const runSql = async (statements: readonly Statement[]): Promise<number> => {
    const began = performance.now();
    for (const { text, values } of statements) await client.query(text, values);
    return performance.now() - began;
  };
  const result: ClientResult = { graphqlMs: [], sqlMs: [], perSecond: 0 };
  for (const [index, { body, statements }] of requests.entries()) {
    if (index % 2 === 0) result.sqlMs.push(await runSql(statements));
    result.graphqlMs.push(await post(url, agent, body));
    if (index % 2 === 1) result.sqlMs.push(await runSql(statements));
  }
  await client.end();
  agent.destroy();
  return result;
};

const load = async ({ url, clients, seconds, bodies }: ClientTask & { kind: "load" }): Promise<ClientResult> => {
  const agent = new Agent({ keepAlive: true, maxSockets: clients });
  const graphqlMs: number[] = [];
  const began = performance.now();
  const end = began + seconds * 1000;
  let next = 0;
  await Promise.all(
    Array.from({ length: clients }, async () => {
      while (performance.now() < end) graphqlMs.push(await post(url, agent, bodies[next++ % bodies.length] as string));
    }),
  );
  agent.destroy();
  return { graphqlMs, sqlMs: [], perSecond: graphqlMs.length / ((performance.now() - began) / 1000) };
};

process.on("message", (task: ClientTask) => {
  const run = task.kind === "paired" ? paired(task) : load(task);
  run.then(
    (result) => process.send?.({ result }),
    (error: Error) => process.send?.({ error: error.stack }),
  );
});
