import { Agent, request } from "node:http";
import pg from "pg";

/**
 * The other side of `npm run bench -- search`: a process of its own asks the server and the database, so that its own
 * work counts for neither. Forked; answers each message with one.
 */

export type Statement = { text: string; values: unknown[] };
/** @property hits the statement that finds the hits; @property search all that the search runs, which plans it too */
export type PairedRequest = { body: string; hits: Statement; search: Statement[] };
export type ClientTask =
  /** One after the other, by GraphQL and by bare statements, in changing order. */
  | { kind: "paired"; url: string; databaseUrl: string; requests: PairedRequest[] }
  /** `clients` at a time, each on a connection of its own, until the time is up. */
  | { kind: "load"; url: string; clients: number; seconds: number; bodies: string[] };
export type ClientResult = { graphqlMs: number[]; hitsMs: number[]; searchMs: number[]; perSecond: number };

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
  const result: ClientResult = { graphqlMs: [], hitsMs: [], searchMs: [], perSecond: 0 };
  for (const [index, { body, hits, search }] of requests.entries()) {
    const ways = [
      async () => result.hitsMs.push(await runSql([hits])),
      async () => result.graphqlMs.push(await post(url, agent, body)),
      async () => result.searchMs.push(await runSql(search)),
    ];
    for (let way = 0; way < ways.length; way++) await ways[(way + index) % ways.length]?.();
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
  return { graphqlMs, hitsMs: [], searchMs: [], perSecond: graphqlMs.length / ((performance.now() - began) / 1000) };
};

process.on("message", (task: ClientTask) => {
  const run = task.kind === "paired" ? paired(task) : load(task);
  run.then(
    (result) => process.send?.({ result }),
    (error: Error) => process.send?.({ error: error.stack }),
  );
});
