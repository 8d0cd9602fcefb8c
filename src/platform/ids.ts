import { HistoError } from "./errors.ts";

/**
 * Global ids. An id is the base64url of `["Type", ...natural key]`: opaque to clients, yet derived from what it
 * names, so that it survives a restore, a re-import and a second tiling. Its second part, where there is one, is
 * always the study key (encoders and jobs excepted), so that access is decided before anything is looked up.
 */
export type NodeType =
  | "Study"
  | "Patient"
  | "Slide"
  | "PatchGrid"
  | "Patch"
  | "Encoder"
  | "FeatureSet"
  | "Job"
  | "Cohort"
  | "Codebook"
  | "Phenotype"
  | "MilModel"
  | "MilScore";

type Part = string | number;

/** How many parts follow the type, and of which kind each is. */
const SHAPES: Record<NodeType, readonly ("string" | "number")[]> = {
  Study: ["string"],
  Patient: ["string", "string"],
  Slide: ["string", "string"],
  PatchGrid: ["string", "string", "string"],
  Patch: ["string", "string", "string", "number", "number"],
  Encoder: ["string"],
  FeatureSet: ["string", "string"],
  Job: ["string"],
  Cohort: ["string", "string"],
  Codebook: ["string", "string", "string", "string"],
  Phenotype: ["string", "string", "string", "string", "number"],
  MilModel: ["string", "string"],
  // Study, model, patient, slide ("" where the unit is the patient), fold (-1 for the final head).
  MilScore: ["string", "string", "string", "string", "number"],
};

const isNodeType = (value: unknown): value is NodeType => typeof value === "string" && Object.hasOwn(SHAPES, value);

export const encodeId = (type: NodeType, ...parts: readonly Part[]): string =>
  Buffer.from(JSON.stringify([type, ...parts])).toString("base64url");

export type DecodedId = { type: NodeType; parts: readonly Part[] };

const parse = (id: string): unknown => {
  try {
    return JSON.parse(Buffer.from(id, "base64url").toString("utf8"));
  } catch {
    return undefined;
  }
};

/** The type and natural key inside an id; undefined when the text is not one of our ids. */
export const decodeId = (id: string): DecodedId | undefined => {
  const value = parse(id);
  if (!Array.isArray(value)) return undefined;
  const [type, ...parts] = value as unknown[];
  if (!isNodeType(type)) return undefined;
  const shape = SHAPES[type];
  if (parts.length !== shape.length) return undefined;
  const fits = parts.every((part, index) =>
    shape[index] === "number" ? Number.isSafeInteger(part) : typeof part === "string",
  );
  return fits ? { type, parts: parts as Part[] } : undefined;
};

/**
 * The natural key inside an id of a known type.
 * @throws HistoError NOT_FOUND when the id is of another type or none of ours.
 */
export const requireId = (type: NodeType, id: string, path?: readonly string[]): readonly Part[] => {
  const decoded = decodeId(id);
  if (decoded?.type === type) return decoded.parts;
  throw new HistoError("NOT_FOUND", `This is not the id of a ${type}.`, {
    fix: `Pass the \`id\` field of a ${type} node.`,
    ...(path && { path }),
  });
};
