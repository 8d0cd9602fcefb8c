import { describe, expect, it } from "vitest";
import { readServerAddress } from "./tls.ts";

describe("DATABASE_URL and TLS", () => {
  it("verifies whatever is encrypted", () => {
    for (const mode of ["require", "verify-ca", "verify-full"]) {
      const { ssl, protection, connectionString } = readServerAddress(
        `postgresql://u:p@db.example/h?sslmode=${mode}&application_name=x`,
      );
      expect(ssl).toMatchObject({ rejectUnauthorized: true });
      expect(protection).toBe("verified");
      expect(connectionString).toBe("postgresql://u:p@db.example/h?application_name=x");
    }
  });

  it("refuses what would not verify", () => {
    for (const mode of ["no-verify", "prefer", "allow", "nonsense"]) {
      expect(() => readServerAddress(`postgresql://db/h?sslmode=${mode}`)).toThrow(/does not make sure/);
    }
    const { ssl } = readServerAddress("postgresql://db/h?sslmode=require&uselibpqcompat=true");
    expect(ssl).toMatchObject({ rejectUnauthorized: true });
    expect(() => readServerAddress("postgresql://db/h", { PGSSLMODE: "no-verify" })).toThrow(/does not make sure/);
  });

  it("takes files to mean verify-full, and names none that cannot be read", () => {
    expect(() => readServerAddress("postgresql://db/h?sslrootcert=/nowhere/private-ca.pem")).toThrow(
      /^The file that sslrootcert of DATABASE_URL names cannot be read\.$/,
    );
    expect(readServerAddress("postgresql://db/h?sslrootcert=system").protection).toBe("verified");
  });

  it("tells a plain connection over a network from one inside of the machine", () => {
    const of = (url: string) => readServerAddress(url).protection;
    for (const host of ["localhost", "127.0.0.1:5432", "[::1]:5432", "u:p@localhost", "%2Frun%2Fpostgresql", ""]) {
      expect(of(`postgresql://${host}/h`), host).toBe("local");
    }
    expect(of("postgresql:///h?host=/run/postgresql")).toBe("local");
    expect(of("/run/postgresql h")).toBe("local");
    for (const host of ["db.example", "u:127.0.0.1@10.0.0.4:5432", "[fd00::1]", "localhost.example"]) {
      expect(of(`postgresql://${host}/h`), host).toBe("plain");
    }
  });
});
