/**
 * Makes a new embedded database in the folder named by the first argument, in a process of its own: initdb needs twice
 * the memory that the database does, and a process gives it back.
 */
import { PGlite } from "@electric-sql/pglite";
import { vector } from "@electric-sql/pglite-pgvector";

const [dataDir] = process.argv.slice(2);
const db = await PGlite.create({ ...(dataDir !== undefined && { dataDir }), extensions: { vector } });
await db.close();
