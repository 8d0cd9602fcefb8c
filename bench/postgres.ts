import { startPostgres, whyNoPostgres } from "../test/support/postgres.ts";
import { type Figure, fact } from "./figure.ts";

/**
 * Runs `work` on the PostgreSQL that DATABASE_URL names, else on one that is started for it and stopped afterwards.
 * Where neither is, `metric` is reported without a value and with the reason.
 */
export const onPostgres = async (
  metric: string,
  report: (figure: Figure) => void,
  work: (url: string) => Promise<void>,
): Promise<void> => {
  const { DATABASE_URL: url } = process.env;
  if (url) return work(url);
  const reason = whyNoPostgres();
  if (reason !== undefined) {
    report(fact(metric, null, "", `DATABASE_URL names no PostgreSQL, and none starts here: ${reason}`));
    return;
  }
  const own = await startPostgres("bench");
  try {
    await work(own.url);
  } finally {
    await own.stop();
  }
};
