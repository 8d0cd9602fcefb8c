import { decodeId } from "../../src/platform/ids.ts";

const DIGEST = /\b[0-9a-f]{16,64}\b/g;
const UUID = /\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g;

const readableText = (text: string): string => {
  const id = decodeId(text);
  const shown = id ? `${id.type}(${id.parts.join(", ")})` : text;
  return shown.replace(UUID, "<uuid>").replace(DIGEST, "<digest>");
};

/** Results as people read them: ids spelled out, what differs from machine to machine (digests, noise) left out. */
export const readable = (value: unknown): unknown => {
  if (typeof value === "string") return readableText(value);
  if (typeof value === "number") return Number.isInteger(value) ? value : Number(value.toFixed(2));
  if (Array.isArray(value)) return value.map(readable);
  if (value !== null && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, readable(child)]));
  }
  return value;
};

/** Statements without the lengths of their lists, each once with how often it ran. */
export const readableSql = (statements: readonly string[]): string[] => {
  const counts = new Map<string, number>();
  for (const statement of statements) {
    const text = statement.replace(/\s+/g, " ").replace(/\(\$\d+(,\$\d+)*\)/g, "(…)");
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  // In alphabetical order: what is asked side by side may arrive in any.
  return [...counts].map(([text, times]) => `${times} × ${text}`).sort();
};
