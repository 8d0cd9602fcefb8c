import { seededRandom } from "../src/learning/random.ts";

/**
 * Rows with the structure of patch features: many groups of unlike sizes and spreads around a common mean, each spread in
 * a few directions only. Half precision, in memory that threads share. The same seed gives the same rows.
 */
export const clusteredRows = (dims: number, groups: number, seed: number) => {
  const random = seededRandom(seed);
  // A sum of four uniform numbers is near enough to normal, and has no tails to argue about.
  const normal = (): number => (random.next() + random.next() + random.next() + random.next() - 2) * Math.sqrt(3);
  const directions = 16;
  const centres = Float32Array.from({ length: groups * dims }, () => 0.5 + 0.5 * normal());
  const axes = Float32Array.from(
    { length: groups * directions * dims },
    () => (normal() * 0.8) / Math.sqrt(directions),
  );
  const shares = Array.from({ length: groups }, () => 0.2 + random.next() ** 2);
  let total = 0;
  const upTo = shares.map((share) => {
    total += share;
    return total;
  });
  const pick = (): number => {
    const at = random.next() * total;
    return upTo.findIndex((limit) => at < limit);
  };
  const noise = Float32Array.from({ length: 1 << 16 }, () => 0.5 * normal());
  return (rows: number): Uint16Array => {
    const values = new Float16Array(new SharedArrayBuffer(rows * dims * 2));
    const row = new Float32Array(dims);
    for (let r = 0; r < rows; r++) {
      const group = pick();
      row.set(centres.subarray(group * dims, (group + 1) * dims));
      for (let direction = 0; direction < directions; direction++) {
        const weight = normal();
        const at = (group * directions + direction) * dims;
        for (let i = 0; i < dims; i++) row[i] = (row[i] ?? 0) + weight * (axes[at + i] ?? 0);
      }
      const from = random.below(noise.length - dims);
      for (let i = 0; i < dims; i++) row[i] = (row[i] ?? 0) + (noise[from + i] ?? 0);
      values.set(row, r * dims);
    }
    return new Uint16Array(values.buffer);
  };
};
