import type { App } from "../context.ts";

type Entry = { size: number; value: Promise<unknown> };

/** Keeps what was made last; see `createRecent`. */
export type Recent = <Value>(app: App, key: string, size: number, make: () => Promise<Value>) => Promise<Value>;

/**
 * A memory of the things used last, up to `mostSize` of whatever their sizes count, besides the one just asked for. Tiles and
 * patches of one picture are asked for by the dozen. What could not be made is forgotten; each app has a memory of its own.
 */
export const createRecent = (mostSize: number): Recent => {
  const kept = new WeakMap<object, Map<string, Entry>>();
  return <Value>(app: App, key: string, size: number, make: () => Promise<Value>): Promise<Value> => {
    const all = kept.get(app.database) ?? new Map<string, Entry>();
    kept.set(app.database, all);
    const entry = all.get(key) ?? { size, value: make() };
    // Reinserting makes the map's order the order of last use.
    all.delete(key);
    all.set(key, entry);
    entry.value.catch(() => all.delete(key));
    let total = 0;
    for (const [name, each] of [...all].reverse()) {
      total += each.size;
      if (total > mostSize && name !== key) all.delete(name);
    }
    return entry.value as Promise<Value>;
  };
};
