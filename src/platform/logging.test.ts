import { expect, it } from "vitest";
import { loggableError } from "./logging.ts";

it("keeps what an error is and where it was thrown, not which file it was about", () => {
  const error = Object.assign(new Error("ENOENT: no such file, open '/data/Mustermann, Erika/slide.svs'"), {
    code: "ENOENT",
  });
  const logged = loggableError(error);
  expect(logged).toMatchObject({ type: "Error", code: "ENOENT" });
  expect(JSON.stringify(logged)).not.toMatch(/Mustermann|Erika/);
  expect(logged.message).toContain("ENOENT: no such file");
  expect(logged.frames).not.toHaveLength(0);
});

it("hides Windows paths too, and takes what is no error", () => {
  expect(loggableError(new Error("cannot open C:\\slides\\Mustermann.svs")).message).toBe("cannot open [path]");
  expect(loggableError("/data/Mustermann.svs is gone").message).toBe("[path] is gone");
});
