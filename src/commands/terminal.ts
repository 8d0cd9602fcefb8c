/** What the command line prints: progress, tables, failures. Everything goes to standard output; logs go to standard error. */

const BAR_WIDTH = 24;
const PLAIN_LINE_EVERY_MS = 5000;

const duration = (seconds: number): string =>
  seconds < 90
    ? `${Math.ceil(seconds)} s`
    : seconds < 5400
      ? `${Math.ceil(seconds / 60)} min`
      : `${(seconds / 3600).toFixed(1)} h`;

/** `[####----] 3/8 slides  1.2/s  5 s left  message` */
export const progressLine = (
  label: string,
  state: { done: number; total: number; unit: string; seconds: number; message?: string | undefined },
): string => {
  const { done, total, unit, seconds, message } = state;
  const filled = total > 0 ? Math.round((done / total) * BAR_WIDTH) : 0;
  const rate = seconds > 0 ? done / seconds : 0;
  const left = done > 0 && done < total ? `  ${duration((total - done) / rate)} left` : "";
  const speed = done > 0 ? `  ${rate >= 10 ? rate.toFixed(0) : rate.toFixed(1)}/s` : "";
  return `${label} [${"#".repeat(filled)}${"-".repeat(BAR_WIDTH - filled)}] ${done}/${total} ${unit}${speed}${left}${message ? `  ${message}` : ""}`;
};

export type ProgressReporter = { update(done: number, total: number, message?: string): void; end(): void };

/** A bar that redraws itself on a terminal; elsewhere a plain line now and then. */
export const createProgress = (
  label: string,
  unit: string,
  out: NodeJS.WriteStream = process.stdout,
): ProgressReporter => {
  const began = performance.now();
  let last = "";
  let printedAt = Number.NEGATIVE_INFINITY;
  let printed = "";
  const print = (line: string) => {
    if (out.isTTY) out.write(`\r${line.slice(0, (out.columns ?? 120) - 1)}\x1b[K`);
    else out.write(`${line}\n`);
    printed = line;
    printedAt = performance.now();
  };
  return {
    update(done, total, message) {
      last = progressLine(label, { done, total, unit, seconds: (performance.now() - began) / 1000, message });
      if (out.isTTY || performance.now() - printedAt > PLAIN_LINE_EVERY_MS) print(last);
    },
    end() {
      if (last !== "" && last !== printed) print(last);
      if (out.isTTY && last !== "") out.write("\n");
    },
  };
};

/** Columns as wide as their widest cell. */
export const formatTable = (header: readonly string[], rows: readonly (readonly string[])[]): string => {
  const widths = header.map((name, column) => Math.max(name.length, ...rows.map((row) => (row[column] ?? "").length)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd();
  return [line(header), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n");
};

export const print = (text = ""): void => {
  process.stdout.write(`${text}\n`);
};
