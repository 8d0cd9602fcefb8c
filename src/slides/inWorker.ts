import { Worker } from "node:worker_threads";

/** What a worker that is started for one task posts; rejects when it fails, or ends without an answer. */
export const inWorker = <Answer>(file: URL, workerData: object): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const worker = new Worker(file, { workerData });
    worker.once("message", resolve);
    worker.once("error", reject);
    worker.once("exit", (code) => reject(new Error(`The worker ended with ${code} and no answer.`)));
  });
