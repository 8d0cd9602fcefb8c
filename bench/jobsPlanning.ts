import { graphql } from "graphql";
import { localContext } from "../src/commands/ingest.ts";
import type { RunningApp } from "../src/server/app.ts";
import { createSchema } from "../src/server/schema.ts";
import { atMost, type Figure, fact, median, percentile } from "./figure.ts";
import { addStudy, askForVectors, openPlace } from "./jobsStudy.ts";

/** Slides as they are registered, without files: planning looks at rows only. */
const insertSlides = async ({ database }: RunningApp, count: number): Promise<void> => {
  await database.query(
    `WITH held AS (
       INSERT INTO patient (study_id, key) SELECT study.id, 'P' || number FROM study, generate_series(1, $1::int) AS number
       RETURNING id, study_id, key
     ), cut AS (
       INSERT INTO slide (study_id, patient_id, key, stain) SELECT study_id, id, key || '-1', 'HE' FROM held RETURNING id, key
     )
     INSERT INTO slide_image (slide_id, path, bytes, backend, width_pixels, height_pixels, levels, microns_per_pixel_x,
       microns_per_pixel_y, resolution_source, checksum)
     SELECT id, '/nowhere/' || key, 1, 'libvips', 40000, 40000, 4, 0.25, 0.25, 'FILE', md5(key) || md5(id::text) FROM cut`,
    [count],
  );
  await database.query("ANALYZE");
};

const PAGE = `{ jobs(first: 20) {
  totalCount
  nodes {
    id kind state attempts createdAt study { key }
    progress { done total unit perSecond secondsLeft message }
    failures(first: 5) { totalCount nodes { code slide { key } } }
    children(first: 20) { totalCount nodes { kind state progress { done total message } } }
  }
} }`;

/** Bytes of this process beyond what it had, sampled while work goes on. */
const watchMemory = (): (() => number) => {
  global.gc?.();
  const before = process.memoryUsage.rss();
  let most = before;
  const timer = setInterval(() => {
    most = Math.max(most, process.memoryUsage.rss());
  }, 5);
  return () => {
    clearInterval(timer);
    return Math.max(most, process.memoryUsage.rss()) - before;
  };
};

/** How long it takes to ask for the embedding of so many slides, and to look at the jobs then. */
export const planning = async (url: string, slides: number): Promise<Figure[]> => {
  const place = await openPlace(url);
  try {
    const { app } = place;
    await addStudy(app);
    await insertSlides(app, slides);
    const memory = watchMemory();
    const began = performance.now();
    const first = await askForVectors(app, "first");
    const seconds = (performance.now() - began) / 1000;
    const megabytes = memory() / 2 ** 20;
    const againBegan = performance.now();
    const again = await askForVectors(app, "first");
    const againSeconds = (performance.now() - againBegan) / 1000;
    if (again !== first) throw new Error("Asked twice, it was planned twice.");
    const schema = createSchema();
    const times: number[] = [];
    for (let round = 0; round < 25; round++) {
      const pageBegan = performance.now();
      const { errors } = await graphql({ schema, source: PAGE, contextValue: localContext(app) });
      if (errors) throw new Error(errors.map(({ message }) => message).join("\n"));
      // The first ones are the compiler's.
      if (round >= 5) times.push(performance.now() - pageBegan);
    }
    return [
      atMost(
        "plan_10k_seconds",
        seconds,
        "s",
        10,
        `${slides} slides, each TILE and EMBED, and the grid before the vectors`,
      ),
      fact("plan_10k_again_seconds", againSeconds, "s", "asked for once more: the same job"),
      fact("plan_memory_mb", megabytes, "MB", "resident, beyond what the process had"),
      atMost(
        "jobs_page_ms",
        percentile(times, 0.95),
        "ms",
        50,
        `95 of 100; half of them within ${median(times).toFixed(1)} ms`,
      ),
    ];
  } finally {
    await place.close();
  }
};
