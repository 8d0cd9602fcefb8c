import { HistoError } from "./errors.ts";

/** What a viewer may do in a study. Each role includes those before it. */
export const ROLES = ["READER", "EDITOR", "OWNER"] as const;
export type Role = (typeof ROLES)[number];

/** `studyKey: "*"` grants the role in every study, and in what belongs to none (encoders). */
export type Grant = { studyKey: string; role: Role };

export type Viewer = { name: string; grants: readonly Grant[] };

/** The one permission table: the least role that each action needs. */
const NEEDS = {
  "study:read": "READER",
  "study:write": "EDITOR",
  "study:create": "OWNER",
  "encoder:read": "READER",
  "encoder:write": "OWNER",
  "job:read": "READER",
  "job:write": "EDITOR",
} as const satisfies Record<string, Role>;

export type Action = keyof typeof NEEDS;

/** Everything that belongs to no study is decided under this name. */
export const NO_STUDY = "*";

/** The person at this machine; used while the server listens on loopback only. */
export const LOCAL_VIEWER: Viewer = { name: "local", grants: [{ studyKey: "*", role: "OWNER" }] };

const includes = (role: Role, needed: Role): boolean => ROLES.indexOf(role) >= ROLES.indexOf(needed);

export const isAllowed = (viewer: Viewer, action: Action, studyKey: string): boolean =>
  viewer.grants.some(
    (grant) => (grant.studyKey === "*" || grant.studyKey === studyKey) && includes(grant.role, NEEDS[action]),
  );

/**
 * First line of every service method. Decided on the study's key before anything is looked up, so that the answer
 * does not tell whether the study exists.
 * @throws HistoError FORBIDDEN
 */
export const authorize = (viewer: Viewer, action: Action, studyKey: string): void => {
  if (isAllowed(viewer, action, studyKey)) return;
  const where = studyKey === NO_STUDY ? "on this server" : `in study "${studyKey}"`;
  throw new HistoError("FORBIDDEN", `${viewer.name} may not ${action} ${where}.`, {
    fix: `Ask an owner of the study for the role ${NEEDS[action]}.`,
  });
};

/** Study keys that the viewer may read; "*" for all. */
export const readableStudies = (viewer: Viewer): "*" | readonly string[] =>
  viewer.grants.some((grant) => grant.studyKey === "*") ? "*" : viewer.grants.map((grant) => grant.studyKey);
