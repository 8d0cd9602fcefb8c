import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { queryScope } from "../src/platform/queryScope.ts";
import { openDatabase } from "../src/store/database.ts";
import { type OwnPostgres, otherUrl, startPostgres, whyNoPostgres } from "./support/postgres.ts";

/** A hospital's own CA, and a server whose certificate it signed for 127.0.0.1 but not for localhost. */

const reason = whyNoPostgres();
if (reason !== undefined) console.warn(`skipped: ${reason}`);

describe.skipIf(reason !== undefined)("TLS to PostgreSQL", () => {
  const folder = mkdtempSync(join(tmpdir(), "histoql-tls-"));
  const file = (name: string) => join(folder, name);
  const openssl = (...args: string[]) => execFileSync("openssl", args, { cwd: folder, stdio: "pipe" });
  let server: OwnPostgres;

  const makeCa = (name: string) =>
    openssl(
      ...["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", `/CN=${name}`],
      ...["-keyout", `${name}.key`, "-out", `${name}.crt`],
    );

  beforeAll(async () => {
    makeCa("hospital");
    makeCa("stranger");
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=db", "-keyout", "server.key", "-out", "server.csr");
    writeFileSync(file("names"), "subjectAltName=IP:127.0.0.1,DNS:db.hospital.example\n");
    openssl(
      ...["x509", "-req", "-in", "server.csr", "-CA", "hospital.crt", "-CAkey", "hospital.key", "-CAcreateserial"],
      ...["-days", "2", "-extfile", "names", "-out", "server.crt"],
    );
    server = await startPostgres("tls", { HISTOQL_POSTGRES_TLS: folder });
  });
  afterAll(async () => {
    await server?.stop();
    rmSync(folder, { recursive: true });
  });

  const open = (parameters: Record<string, string>, host = "127.0.0.1") => {
    const url = new URL(otherUrl(server.url, { parameters }));
    url.hostname = host;
    return openDatabase({ url: url.href });
  };

  it("is verified with the CA of the one who runs it", async () => {
    for (const sslmode of ["verify-full", "require"]) {
      const database = await open({ sslmode, sslrootcert: file("hospital.crt") });
      const { rows } = await database.query("SELECT ssl, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()");
      expect(rows[0]).toEqual({ ssl: true, version: "TLSv1.3" });
      expect(database.protection).toBe("verified");
      await database.close();
    }
  });

  it("cancels statements over TLS, too", async () => {
    const database = await open({ sslmode: "verify-full", sslrootcert: file("hospital.crt") });
    const query = new AbortController();
    const slow = queryScope.run({ signal: query.signal }, () => database.query("SELECT pg_sleep(60) /* over TLS */"));
    setTimeout(() => query.abort(new Error("enough")), 200);
    await expect(slow).rejects.toThrow("enough");
    const running =
      "SELECT 1 FROM pg_stat_activity WHERE query LIKE '%/* over TLS */%' AND state = 'active' AND pid <> pg_backend_pid()";
    await expect.poll(async () => (await database.query(running)).rowCount, { timeout: 5000 }).toBe(0);
    await database.close();
  });

  it("is refused under another CA, another name, or none that is trusted, with what to do", async () => {
    await expect(open({ sslmode: "verify-full", sslrootcert: file("stranger.crt") })).rejects.toMatchObject({
      name: "HistoError",
      code: "BAD_ARGUMENT",
      message: expect.stringMatching(/CA/),
      fix: expect.stringMatching(/sslrootcert/),
    });
    await expect(open({ sslmode: "require" })).rejects.toMatchObject({ fix: expect.stringMatching(/sslrootcert/) });
    await expect(
      open({ sslmode: "verify-full", sslrootcert: file("hospital.crt") }, "localhost"),
    ).rejects.toMatchObject({
      code: "BAD_ARGUMENT",
      message: "The PostgreSQL server's certificate is for another host name.",
      fix: expect.stringMatching(/as the certificate names it/),
    });
    await expect(open({ sslmode: "no-verify" })).rejects.toMatchObject({ fix: expect.stringMatching(/verify-full/) });
  });

  it("names no file that it cannot read", async () => {
    const refusal = await open({ sslmode: "verify-full", sslrootcert: file("absent.crt") }).catch(
      (error: Error) => error,
    );
    expect(refusal).toMatchObject({ code: "BAD_ARGUMENT" });
    expect((refusal as Error).message).not.toMatch(/absent|\//);
  });
});
