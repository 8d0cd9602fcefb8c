import type { Job } from "../../store/generated/client.ts";
import type { GraphQLContext } from "../context.ts";

/** What a job made; null before there is something. */
export const readResult = async ({ loaders }: GraphQLContext, { kind, resultId }: Job) => {
  if (resultId === null) return null;
  const id = Number(resultId);
  switch (kind) {
    case "EMBED":
    case "IMPORT":
      return { __typename: "FeatureSet" as const, ...(await loaders.featureSet.load(id)) };
    case "CODEBOOK": {
      const codebook = await loaders.buildCodebook.load(id);
      return codebook && { __typename: "Codebook" as const, ...codebook };
    }
    case "TRAIN":
    case "SCORE":
      return { __typename: "MilModel" as const, ...(await loaders.milModel.load(id)) };
    default:
      return null;
  }
};
