import type { Attribute, Study, SurvivalEndpoint } from "../../store/generated/client.ts";
import type { Connection } from "../base/connections.ts";

export type StudyMapper = Study;
export type StudyConnectionMapper = Connection<Study>;
export type AttributeMapper = Attribute;
export type SurvivalEndpointMapper = SurvivalEndpoint;
