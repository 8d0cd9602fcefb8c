import { defineConfig } from "prisma/config";

export default defineConfig({
  schema: "prisma/schema.prisma",
  migrations: { path: "migrations" },
  // `prisma migrate deploy` (optional: HistoQL applies its migrations itself) reads the same variable as HistoQL.
  datasource: { url: process.env.DATABASE_URL ?? "" },
});
