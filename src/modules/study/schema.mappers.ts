import type { Study } from "../../store/generated/client.ts";
import type { Connection } from "../base/connections.ts";

export type StudyMapper = Study;
export type StudyConnectionMapper = Connection<Study>;
