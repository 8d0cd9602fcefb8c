import { readFile } from "node:fs/promises";
import { createImportedScorer, type ImportedHead, type MilBag } from "../../learning/mil/index.ts";
import { authorize } from "../../platform/authorisation.ts";
import { digestOf, type Json } from "../../platform/digest.ts";
import { HistoError } from "../../platform/errors.ts";
import type { FeatureSet, MilModel } from "../../store/generated/client.ts";
import { insertMilModel } from "../../store/milModels.ts";
import type { App, GraphQLContext } from "../context.ts";
import { requireFeatureSet } from "../featureSet/featureSet.service.ts";
import { requireFile } from "../slide/roots.ts";
import { requireKey } from "../study/study.service.ts";
import { withUpload } from "../upload/upload.service.ts";
import { chooseEngine, softwareOf } from "./mil.engine.ts";
import { engineTask, type MilTaskInput, readTask, type StoredTask } from "./mil.task.ts";

/** The input ImportMilModelInput. */
export type ImportMilInput = {
  key: string;
  featureSet: string;
  task: MilTaskInput;
  classes?: readonly string[] | null | undefined;
  upload?: string | null | undefined;
  path?: string | null | undefined;
  featuresInput: string;
  output: string;
  attentionOutput?: string | null | undefined;
};

const badArgument = (message: string, fix: string, ...path: string[]): HistoError =>
  new HistoError("BAD_ARGUMENT", message, { fix, path });

/** The task with the classes that the importer names. */
const withClasses = (task: StoredTask, classes: ImportMilInput["classes"]): StoredTask => {
  if (task.kind === "SURVIVAL" && task.intervals !== null) {
    throw badArgument(
      "An imported survival head gives one risk.",
      "Leave intervals out.",
      "task",
      "survival",
      "intervals",
    );
  }
  if (task.kind !== "CLASSIFICATION") {
    if (classes == null) return task;
    throw badArgument("Only a classification has classes.", "Leave classes out.", "classes");
  }
  if (classes == null || classes.length < 2 || new Set(classes).size < classes.length) {
    throw badArgument(
      "A classification needs its classes, at least two, each once.",
      "Name them in the order of the output.",
      "classes",
    );
  }
  return { ...task, classes: [...classes] };
};

const TRIAL_PATCHES = [1, 7];

/** A bag of small numbers that are the same each time. */
const trialBag = (dims: number, patches: number): MilBag => ({
  key: "a trial bag",
  patient: "",
  patches,
  read: async (rows) => ({
    vectors: Float32Array.from({ length: (rows?.length ?? patches) * dims }, (_, index) => Math.sin(index * 0.7) / 4),
  }),
});

type Described = { key: string; featureSet: FeatureSet; task: StoredTask; imported: ImportedHead };

/** @throws HistoError MODEL_INCOMPATIBLE, DIMENSION_MISMATCH, NOT_FINITE when it cannot be run on bags; CONFLICT */
const storeModel = async (app: App, described: Described, bytes: Uint8Array): Promise<MilModel> => {
  const { key, featureSet, task, imported } = described;
  const engine = await chooseEngine(app);
  const scorer = await createImportedScorer(bytes, imported, engine);
  try {
    for (const patches of TRIAL_PATCHES) {
      const { attention } = await scorer.score(trialBag(featureSet.dims, patches));
      if (attention && attention.length !== patches) {
        throw new HistoError(
          "MODEL_INCOMPATIBLE",
          `The attention has ${attention.length} numbers for ${patches} patches.`,
          {
            fix: "Name the output that has one number for each patch.",
            path: ["attentionOutput"],
          },
        );
      }
    }
  } finally {
    await scorer.close();
  }
  const onnxDigest = await app.artefacts.put(bytes);
  const parameters = { imported, task, featureSet: { key: featureSet.key, digest: featureSet.digest } };
  const id = await app.database.transaction((client) =>
    insertMilModel(client, {
      studyId: featureSet.studyId,
      key,
      architecture: "IMPORTED",
      task,
      unit: "PATIENT",
      featureSetId: featureSet.id,
      codebookId: null,
      cohortId: null,
      parameters,
      card: {
        format: "histoql-mil-head",
        version: 1,
        digest: onnxDigest,
        inputs: [{ name: imported.featuresInput, type: "float32", dims: ["patches", featureSet.dims] }],
        outputs: [{ name: imported.output }, ...(imported.attentionOutput ? [{ name: imported.attentionOutput }] : [])],
        task,
        trust: "DECLARED: HistoQL does not know whom it was trained on.",
      },
      metrics: [],
      baselines: [],
      onnxDigest,
      parametersDigest: null,
      digest: digestOf({ onnx: onnxDigest, parameters: parameters as unknown as Json }),
      trust: "DECLARED",
      software: softwareOf(app, engine),
      folds: [],
      bags: [],
      slides: [],
    }),
  );
  if (id !== null) return app.prisma.milModel.findUniqueOrThrow({ where: { id } });
  throw new HistoError("CONFLICT", `There is a model "${key}" already.`, {
    fix: "Choose another key.",
    path: ["key"],
  });
};

/**
 * Takes a head that was trained elsewhere, after trying it on bags of one and of several patches.
 * @throws HistoError BAD_ARGUMENT, NOT_FOUND, FORBIDDEN, FILE_NOT_FOUND, COLUMN_UNKNOWN, TYPE_MISMATCH, MODEL_INCOMPATIBLE,
 * DIMENSION_MISMATCH, NOT_FINITE, CONFLICT
 */
export const importMilModel = async (context: GraphQLContext, input: ImportMilInput): Promise<MilModel> => {
  const { app, loaders, viewer } = context;
  const featureSet = await requireFeatureSet(context, input.featureSet);
  const study = await loaders.study.load(featureSet.studyId);
  authorize(viewer, "study:write", study.key);
  const key = requireKey(input.key, ["key"]);
  const task = withClasses(await readTask(loaders, study, "PATIENT", input.task), input.classes);
  const described: Described = {
    key,
    featureSet,
    task,
    imported: {
      task: engineTask(task),
      dims: featureSet.dims,
      featuresInput: input.featuresInput,
      output: input.output,
      attentionOutput: input.attentionOutput ?? null,
    },
  };
  if ((input.upload == null) === (input.path == null)) {
    throw badArgument("A head is given by upload or by path, by one of the two.", "Give one of them.", "upload");
  }
  if (input.path != null)
    return storeModel(app, described, await readFile(await requireFile(input.path, app.config.roots)));
  return withUpload(context, input.upload ?? "", ["upload"], async ({ file }) =>
    storeModel(app, described, await readFile(file)),
  );
};
