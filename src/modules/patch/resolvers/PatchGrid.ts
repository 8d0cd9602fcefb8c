import { encodeId } from "../../../platform/ids.ts";
import { geoJsonUrl } from "../../export/gridGeoJson.service.ts";
import { maskUrl } from "../../pictures.ts";
import type { PatchGridResolvers } from "../../types.generated.ts";
import { gridLineage } from "../patch.lineage.ts";
import { gridPart } from "../patch.service.ts";

export const PatchGrid: PatchGridResolvers = {
  id: async (grid, _arguments, { loaders }) => {
    const slide = await loaders.slide.load(grid.slideId);
    return encodeId("PatchGrid", (await loaders.study.load(slide.studyId)).key, slide.key, gridPart(grid));
  },
  slide: ({ slideId }, _arguments, { loaders }) => loaders.slide.load(slideId),
  lineage: (grid, _arguments, context) => gridLineage(context, grid),
  geoJsonUrl: (grid, options, context) => geoJsonUrl(context, grid, options),
  maskUrl: (grid, _arguments, context) => maskUrl(context, grid),
};
