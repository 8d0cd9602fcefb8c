import { PrismaPg } from "@prisma/adapter-pg";
import type { Database } from "./database.ts";
import { PrismaClient } from "./generated/client.ts";

export type { Prisma } from "./generated/client.ts";
export { PrismaClient };

/** Prisma over the one pool, so that the embedded database's single connection is shared rather than fought for. */
export const createPrisma = (database: Database): PrismaClient =>
  new PrismaClient({ adapter: new PrismaPg(database.pool, { disposeExternalPool: false, schema: database.schema }) });
