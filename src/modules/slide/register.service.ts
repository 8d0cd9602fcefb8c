import { authorize } from "../../platform/authorisation.ts";
import { HistoError, isHistoError } from "../../platform/errors.ts";
import { isRemote, parseRemote } from "../../platform/hosts.ts";
import { openSlide } from "../../slides/index.ts";
import { type Patient, Prisma, type Slide, type SlideImage, type Study } from "../../store/generated/client.ts";
import { insertSlide } from "../../store/importedFeatures.ts";
import { compileKeyPattern } from "../base/keyPattern.ts";
import { toUserError, type UserError } from "../base/userErrors.ts";
import type { App, GraphQLContext } from "../context.ts";
import { requireKey, requireStudy } from "../study/study.service.ts";
import { expandRemote } from "./remoteSlides.ts";
import { expandPath, slideKeyOf } from "./roots.ts";
import type { ImageFile } from "./slideFiles.ts";

type RegisterInput = {
  studyKey: string;
  paths: readonly string[];
  patientPattern?: string | null | undefined;
  patients?: readonly { slideKey: string; patientKey: string }[] | null | undefined;
  stain: Slide["stain"];
};

type Registered = { slides: Slide[]; unchanged: number; errors: UserError[] };

const FILES_AT_ONCE = 4;

/** Patient keys by slide key: the given pairs first, then the pattern's group `patient`, else the slide's own key. */
export const patientKeys = (
  input: Pick<RegisterInput, "patients" | "patientPattern">,
): ((slideKey: string) => string) => {
  const given = new Map<string, string>();
  input.patients?.forEach(({ slideKey, patientKey }, index) => {
    const path = ["patients", String(index), "patientKey"];
    const before = given.get(slideKey);
    if (before !== undefined && before !== patientKey) {
      throw new HistoError("DUPLICATE_KEY", `Slide "${slideKey}" is given to two patients.`, { path });
    }
    given.set(slideKey, requireKey(patientKey, path));
  });
  const pattern = input.patientPattern;
  if (pattern == null) return (slideKey) => given.get(slideKey) ?? slideKey;
  const find = compileKeyPattern(pattern, "patient", "patientPattern");
  return (slideKey) => {
    const key = given.get(slideKey) ?? find(slideKey);
    if (key !== undefined) return requireKey(key, ["patientPattern"]);
    throw new HistoError("BAD_ARGUMENT", `patientPattern finds no patient in the slide key "${slideKey}".`, {
      fix: "Write a regular expression with a group named patient, such as ^(?<patient>TCGA-[^-]+-[^-]+)",
      path: ["patientPattern"],
    });
  };
};

/** What is in a slide's file. */
const readContents = async (path: string) => {
  const slide = await openSlide(path);
  try {
    return {
      backend: slide.backend,
      vendor: slide.vendor,
      widthPixels: slide.widthPixels,
      heightPixels: slide.heightPixels,
      levels: slide.levels.length,
      micronsPerPixelX: slide.micronsPerPixel?.x ?? null,
      micronsPerPixelY: slide.micronsPerPixel?.y ?? null,
      resolutionSource: slide.micronsPerPixel ? "FILE" : null,
      bounds: slide.bounds ?? Prisma.DbNull,
      properties: { ...slide.properties },
    };
  } finally {
    await slide.close();
  }
};

type Outcome = { slide: Slide; isNew: boolean };

const conflict = (slideKey: string, message: string, fix: string, code: "DUPLICATE_KEY" | "CONFLICT") =>
  new HistoError(code, `Slide "${slideKey}" ${message}`, { fix, path: ["paths"] });

/** Which file a slide is to have, and what is in it; null where the file is the one that it has. */
type NewImage = { file: ImageFile; contents: Awaited<ReturnType<typeof readContents>> | null };
type StoredSlide = Slide & { image: SlideImage | null; patient: Patient };

/** Refuses what the slide's key cannot stand for, before anything is written. */
const requireCompatible = (known: StoredSlide, patientKey: string, { file }: NewImage): void => {
  if (known.patient.key !== patientKey) {
    throw conflict(
      known.key,
      `belongs to patient "${known.patient.key}", not "${patientKey}".`,
      "Correct patientPattern or patients.",
      "CONFLICT",
    );
  }
  if (known.image && known.image.checksum !== file.checksum && known.image.path !== file.path) {
    throw conflict(
      known.key,
      "is registered already, from another file with other content.",
      "Slide keys are file stems: rename one of the two files.",
      "DUPLICATE_KEY",
    );
  }
};

/** A registered image that is asked for again: unchanged, moved, or replaced by another file. */
const updateImage = async (
  app: App,
  slide: Slide,
  before: SlideImage | null,
  { file, contents }: NewImage,
): Promise<Outcome> => {
  if (before?.checksum === file.checksum) {
    if (before.path !== file.path || before.sourceTag !== file.sourceTag) {
      await app.prisma.slideImage.update({ where: { slideId: slide.id }, data: file });
    }
    return { slide, isNew: false };
  }
  if (!contents) {
    throw conflict(slide.key, "has been replaced meanwhile.", "Register it again.", "CONFLICT");
  }
  const image = { ...file, ...contents };
  await app.prisma.slideImage.upsert({
    where: { slideId: slide.id },
    create: { slideId: slide.id, ...image },
    update: image,
  });
  return { slide, isNew: true };
};

/** Reads the file, but for one that is stored already. */
const readImage = async (app: App, path: string, known: SlideImage | undefined): Promise<NewImage> => {
  const { release, path: place, ...found } = await app.slideFiles.holdNew(path, known);
  try {
    const { checksum, bytes, sourceTag } = found;
    const file = { path, checksum, bytes, sourceTag };
    const isKnown = known?.path === path && known.checksum === checksum;
    return { file, contents: isKnown ? null : await readContents(place) };
  } finally {
    await release();
  }
};

const storeSlide = async (
  app: App,
  study: Study,
  slideKey: string,
  patientKey: string,
  stain: Slide["stain"],
  path: string,
): Promise<Outcome> => {
  const find = () =>
    app.prisma.slide.findUnique({
      where: { studyId_key: { studyId: study.id, key: slideKey } },
      include: { image: true, patient: true },
    });
  const known = await find();
  const image = await readImage(app, path, known?.image ?? undefined);
  if (known) requireCompatible(known, patientKey, image);
  else await insertSlide(app.database, { studyId: study.id, key: slideKey, patientKey, stain });
  const slide = await find();
  if (!slide) throw new Error("A slide that was just stored is gone.");
  // Somebody else may have stored it meanwhile.
  requireCompatible(slide, patientKey, image);
  const { image: before, patient: _, ...row } = slide;
  if (stain !== "UNKNOWN" && row.stain !== stain) {
    row.stain = stain;
    await app.prisma.slide.update({ where: { id: row.id }, data: { stain } });
  }
  return updateImage(app, row, before, image);
};

/** All files that the paths name, each once; a path that is refused becomes an error, the others go on. */
const collectFiles = async (app: App, paths: readonly string[], errors: UserError[]): Promise<string[]> => {
  const files = new Set<string>();
  for (const [index, path] of paths.entries()) {
    try {
      const found = isRemote(path)
        ? await expandRemote(app, path, index)
        : await expandPath(path, app.config.roots, index);
      for (const file of found) files.add(file);
    } catch (error) {
      if (!isHistoError(error)) throw error;
      errors.push(toUserError(error));
    }
  }
  return [...files];
};

/** Errors of the readers speak of "the slide"; people know it by its key. */
const named = (app: App, error: unknown, slideKey: string): UserError => {
  if (!isHistoError(error)) {
    // The message may hold the file's path; where it happened does not.
    const frames = error instanceof Error ? error.stack?.split("\n").filter((line) => /^\s+at /.test(line)) : undefined;
    app.log.error({ slide: slideKey, frames }, "a slide could not be registered");
    return {
      code: "INTERNAL",
      message: `Slide "${slideKey}" could not be registered, for a reason that HistoQL did not foresee.`,
      path: null,
      fix: "Look at the server's log line of this slide; the other slides are not affected.",
    };
  }
  const said = error.message.includes(slideKey) ? error.message : `Slide "${slideKey}": ${error.message}`;
  return { ...toUserError(error), message: said };
};

/**
 * Adds slides to a study. A file that cannot be read becomes an error; the others go in all the same.
 * @throws HistoError NOT_FOUND for the study, BAD_ARGUMENT for the pattern
 */
export const registerSlides = async ({ app, viewer }: GraphQLContext, input: RegisterInput): Promise<Registered> => {
  authorize(viewer, "study:write", input.studyKey);
  const study = await requireStudy({ app }, input.studyKey);
  const patientOf = patientKeys(input);
  const errors: UserError[] = [];
  const files = await collectFiles(app, input.paths, errors);
  const outcomes: (Outcome | undefined)[] = [];
  const seen = new Set<string>();
  let next = 0;
  const takeFiles = async () => {
    for (let index = next++; index < files.length; index = next++) {
      const path = files[index] as string;
      let slideKey = slideKeyOf(path);
      try {
        // Keys that a bucket listed need not be addresses.
        if (isRemote(path)) slideKey = slideKeyOf(parseRemote(path).path);
        if (seen.has(slideKey)) {
          throw conflict(
            slideKey,
            "stands for two of the files.",
            "Slide keys are file stems: rename one of the two files.",
            "DUPLICATE_KEY",
          );
        }
        seen.add(slideKey);
        outcomes[index] = await storeSlide(app, study, slideKey, patientOf(slideKey), input.stain, path);
      } catch (error) {
        errors.push(named(app, error, slideKey));
      }
    }
  };
  await Promise.all(Array.from({ length: FILES_AT_ONCE }, takeFiles));
  const stored = outcomes.filter((outcome) => outcome !== undefined);
  return {
    slides: stored.map((outcome) => outcome.slide),
    unchanged: stored.filter((outcome) => !outcome.isNew).length,
    errors,
  };
};
