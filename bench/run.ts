/** `npm run bench -- <name> [--json] [--vectors 100000,300000] [--table] [--patients 240] [--cohort FOLDER] [--rows 250000] [--dims 576] [--queued 10000] [--workers 64] [--slides 10000]`: measures on this machine and prints a table, or one JSON object a line. */
import { parseArgs } from "node:util";
import { formatTable } from "../src/commands/terminal.ts";
import { clinical } from "./clinical.ts";
import { device } from "./device.ts";
import { exports } from "./export.ts";
import type { Bench, Figure } from "./figure.ts";
import { jobs } from "./jobs.ts";
import { kmeans } from "./kmeans.ts";
import { mil } from "./mil.ts";
import { pipeline } from "./pipeline.ts";
import { preprocessing } from "./preprocessing.ts";
import { retrieval } from "./retrieval.ts";
import { scaling } from "./scaling.ts";
import { search } from "./search.ts";

const BENCHES: Record<string, Bench> = {
  clinical,
  device,
  export: exports,
  jobs,
  kmeans,
  mil,
  pipeline,
  preprocessing,
  retrieval,
  scaling,
  search,
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: "boolean", default: false },
    table: { type: "boolean", default: false },
    vectors: { type: "string" },
    patients: { type: "string" },
    cohort: { type: "string" },
    queued: { type: "string" },
    rows: { type: "string" },
    dims: { type: "string" },
    workers: { type: "string" },
    slides: { type: "string" },
  },
});

const [name] = positionals;
const bench = name === undefined ? undefined : BENCHES[name];
if (!bench || name === undefined) {
  process.stderr.write(`npm run bench -- <name> [--json]\n  names: ${Object.keys(BENCHES).join(", ")}\n`);
  process.exit(2);
}

const figures: Figure[] = [];
await bench((figure) => {
  figures.push(figure);
  if (values.json) process.stdout.write(`${JSON.stringify({ bench: name, ...figure })}\n`);
}, values);

const show = (value: number | null): string =>
  value === null ? "not measured" : Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(3);

if (!values.json) {
  const rows = figures.map(({ metric, value, unit, target, pass, note }) => [
    metric,
    show(value),
    unit,
    target ?? "",
    pass === null ? "" : pass ? "yes" : "NO",
    note ?? "",
  ]);
  process.stdout.write(`${formatTable(["metric", "value", "unit", "target", "pass", "note"], rows)}\n`);
}
