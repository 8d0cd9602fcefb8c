/** One line of `histoql doctor`. */
export type Check = { check: string; state: "ok" | "absent" | "warning" | "failed"; detail: string; fix: string };

export const ok = (check: string, detail: string): Check => ({ check, state: "ok", detail, fix: "" });

const numbers = (version: string): number[] => version.split(".").map(Number);

/** Negative when `a` is older than `b`. */
export const compareVersions = (a: string, b: string): number => {
  const [left, right] = [numbers(a), numbers(b)];
  for (let index = 0; index < 3; index++) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
};
