import type { MilFold, MilModel, MilScore } from "../../store/generated/client.ts";
import type { Connection } from "../base/connections.ts";

export type MilModelMapper = MilModel;
export type MilFoldMapper = MilFold;
export type MilScoreMapper = MilScore;
export type MilScoreConnectionMapper = Connection<MilScore>;
