import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { atLeast, atMost, type Bench, fact, median } from "./figure.ts";
import { ELEPHANT, elephantSetting, readElephant, runElephant } from "./milElephant.ts";
import { milSynthetic } from "./milSynthetic.ts";
import { findPython } from "./python.ts";

const here = import.meta.dirname;
const run = promisify(execFile);
const ROUNDS = 3;
const STEP = ["4096", "1024", "512", "12"];
const PATCHES = 100_000;
const DIMS = 1024;

const json = async <T>(command: string, parts: readonly string[], input?: string): Promise<T> => {
  const running = run(command, [...parts], { maxBuffer: 2 ** 26 });
  running.child.stdin?.end(input ?? "");
  return JSON.parse((await running).stdout) as T;
};

const python = findPython();
const NEEDS_PYTHON = "needs Python with PyTorch: see docs/performance.md";
const script = join(here, "mil_pytorch.py");

/** The first steps allocate; the middle one of the others counts. */
const settled = (milliseconds: readonly number[]): number => median(milliseconds.slice(3));

const writeRows = async (folder: string): Promise<string> => {
  const file = join(folder, "bag.f16");
  const handle = await open(file, "w");
  const piece = new Uint16Array(Float16Array.from({ length: 10_000 * DIMS }, (_, i) => Math.sin(i)).buffer);
  for (let row = 0; row < PATCHES; row += 10_000) await handle.write(new Uint8Array(piece.buffer));
  await handle.close();
  return file;
};

type Scored = { seconds: number[]; peakMegabytes: number };

/** Interleaved rounds, compared by medians, so that what else the machine does strikes all alike. */
export const mil: Bench = async (report, asked) => {
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const step = await json<{ milliseconds: number[] }>(process.execPath, [join(here, "milStep.ts"), ...STEP]);
    ours.push(settled(step.milliseconds));
    if (python) {
      const other = await json<{ milliseconds: number[] }>(python, [script, "step", ...STEP]);
      theirs.push(settled(other.milliseconds));
    }
  }
  const ratio = python ? median(theirs) / median(ours) : null;
  report(atLeast("train_step_vs_pytorch", ratio, "ratio", 1.3, ratio === null ? NEEDS_PYTHON : undefined));
  report(fact("train_step", median(ours), "ms", "gated ABMIL, 4096 × 1024, hidden 512"));
  report(fact("train_step_pytorch", python ? median(theirs) : null, "ms"));

  const folder = await mkdtemp(join(tmpdir(), "histoql-bench-"));
  try {
    const score = (file: string) =>
      json<Scored>(process.execPath, [join(here, "milScore.ts"), file, `${PATCHES}`, `${DIMS}`]);
    const memory = await score("-");
    const disk = await score(await writeRows(folder));
    report(atMost("score_100k_seconds", median(memory.seconds), "s", 1.5, "100,000 × 1024, gated 512/256"));
    report(atMost("score_100k_with_reading_seconds", median(disk.seconds), "s", 3));
    report(atMost("score_100k_peak_mb", disk.peakMegabytes, "MB", 2500));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }

  await milSynthetic(report, asked);

  if (!existsSync(ELEPHANT)) {
    report(atLeast("elephant_accuracy", null, "share", 0.83, "needs the Elephant bags"));
    return;
  }
  const elephant = await runElephant(5);
  report(atLeast("elephant_accuracy", elephant.accuracy, "share", 0.83, "5 × 10 folds, one setting fixed beforehand"));
  report(fact("elephant_seconds", elephant.seconds, "s"));
  const { head, options } = elephantSetting((await readElephant()).dims);
  const setting = {
    csv: fileURLToPath(ELEPHANT),
    folds: elephant.folds,
    hidden: head.hidden,
    attention: head.attentionHidden,
    dropout: head.dropout,
    learningRate: options.learningRate,
    weightDecay: options.weightDecay,
    epochs: options.epochs,
    bagsPerStep: options.patientsPerStep,
  };
  const other = python
    ? (await json<{ accuracy: number }>(python, [script, "elephant"], JSON.stringify(setting))).accuracy
    : null;
  const difference = other === null ? null : Math.abs(elephant.accuracy - other);
  report(fact("elephant_accuracy_pytorch", other, "share", "the same folds and setting"));
  report(atMost("elephant_difference", difference, "share", 0.02, difference === null ? NEEDS_PYTHON : undefined));
};
