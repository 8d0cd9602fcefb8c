import type { Attribute, Study, SurvivalEndpoint } from "../../store/generated/client.ts";
import type { Connection } from "../base/connections.ts";

export type StudyMapper = Study;
export type StudyConnectionMapper = Connection<Study>;
/** `missing` is told where it cannot be counted later: by an import that was only tried. */
export type AttributeMapper = Attribute & { missing?: number };
export type SurvivalEndpointMapper = SurvivalEndpoint;
