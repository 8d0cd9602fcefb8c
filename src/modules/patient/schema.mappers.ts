import type { Patient } from "../../store/generated/client.ts";
import type { Connection } from "../base/connections.ts";

export type PatientMapper = Patient;
export type PatientConnectionMapper = Connection<Patient>;
