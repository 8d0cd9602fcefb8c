import type { GraphQLResolveInfo, GraphQLScalarType, GraphQLScalarTypeConfig } from 'graphql';
import type { EncoderMapper, EncoderModelMapper } from './encoder/schema.mappers.ts';
import type { FeatureSetMapper, SlideFeaturesMapper } from './featureSet/schema.mappers.ts';
import type { JobMapper, JobConnectionMapper, JobFailureMapper, JobFailureConnectionMapper } from './job/schema.mappers.ts';
import type { PatchMapper, PatchGridMapper } from './patch/schema.mappers.ts';
import type { PatientMapper, PatientConnectionMapper } from './patient/schema.mappers.ts';
import type { SimilarPatchMapper } from './similarity/schema.mappers.ts';
import type { SlideMapper, SlideConnectionMapper, SlideImageMapper } from './slide/schema.mappers.ts';
import type { StudyMapper, StudyConnectionMapper } from './study/schema.mappers.ts';
import type { GraphQLContext } from './context.ts';
export type Maybe<T> = T | null | undefined;
export type InputMaybe<T> = T | null | undefined;
export type Omit<T, K extends keyof T> = Pick<T, Exclude<keyof T, K>>;
export type EnumResolverSignature<T, AllowedValues = any> = { [key in keyof T]?: AllowedValues };
export type RequireFields<T, K extends keyof T> = Omit<T, K> & { [P in K]-?: NonNullable<T[P]> };
/** All built-in and custom scalars, mapped to their actual values */
export type Scalars = {
  ID: { input: string; output: string; }
  String: { input: string; output: string; }
  Boolean: { input: boolean; output: boolean; }
  Int: { input: number; output: number; }
  Float: { input: number; output: number; }
  /** An instant in UTC, written as ISO 8601: `2026-03-01T09:30:00.000Z`. */
  DateTime: { input: Date; output: Date; }
  /** Any JSON value. Used where the keys are the study's own, such as clinical values. */
  JSON: { input: unknown; output: unknown; }
  /**
   * An embedding: base64 of its numbers as little-endian float32, so a 1280-dimensional vector is 5120 bytes before base64.
   * In Python: `numpy.frombuffer(base64.b64decode(value), dtype="<f4")`. As an input, a plain list of numbers is accepted too.
   * Every number must be finite; anything else is `NOT_FINITE`.
   */
  Vector: { input: Float32Array; output: Float32Array | string; }
};

/** A study to open. */
export type CreateStudyInput = {
  /** What the study is about. */
  description?: InputMaybe<Scalars['String']['input']>;
  /** Short name for queries: letters, digits, `-`, `_` and `.`, beginning with a letter or digit. */
  key: Scalars['String']['input'];
  /** Title for people. */
  name: Scalars['String']['input'];
};

/** A result computed or imported from something else: it knows what it came from, and whether that has changed since. */
export type Derived = {
  /** What this was made from, and with what. */
  lineage: Lineage;
};

/** Which way an ordering runs. */
export type Direction =
  /** Smallest, or first in the alphabet, first. */
  | 'ASC'
  /** Largest, or last in the alphabet, first. */
  | 'DESC';

/** Slides to embed. */
export type EmbedSlidesInput = {
  /** Key of the encoder. */
  encoderKey: Scalars['String']['input'];
  /**
   * Key of the feature set. It is created when there is none; one that exists must have been made with the same encoder,
   * grid and preprocessing, else `CONFLICT`.
   */
  featureSetKey: Scalars['String']['input'];
  /** Which grid. */
  grid: GridInput;
  /** What to do to the pixels first. */
  preprocessing: PreprocessingInput;
  /** Which slides; it must name a study, by `studyKey`, ids or otherwise, and only one. */
  slides: SlideFilter;
};

/** What `embedSlides` answers. */
export type EmbedSlidesPayload = {
  __typename?: 'EmbedSlidesPayload';
  /** What was refused, and why. */
  errors: Array<UserError>;
  /** The feature set, which fills while the job runs; null when there are errors. */
  featureSet?: Maybe<FeatureSet>;
  /** The work; null when there are errors. */
  job?: Maybe<Job>;
};

/** A pretrained network that turns a patch into a vector. */
export type Encoder = Node & {
  __typename?: 'Encoder';
  /** What to cite when you publish. */
  citation?: Maybe<Scalars['String']['output']>;
  /** SHA-256 in hex over model and card; null while there is no model. */
  digest?: Maybe<Scalars['String']['output']>;
  /** Length of its vectors. */
  dims: Scalars['Int']['output'];
  /** Global id. */
  id: Scalars['ID']['output'];
  /** Edge of the square that it looks at, in pixels. */
  inputPixels: Scalars['Int']['output'];
  /** Short name for queries, such as `resnet50-imagenet`. */
  key: Scalars['String']['output'];
  /** Licence of the weights, as an SPDX identifier where there is one. It binds what you may do with the vectors. */
  licence?: Maybe<Scalars['String']['output']>;
  /** Resolution that it was trained at, in micrometres per pixel; null when it was trained on everyday photographs. */
  micronsPerPixel?: Maybe<Scalars['Float']['output']>;
  /** What computes; null when the encoder is known by name only (imported features). */
  model?: Maybe<EncoderModel>;
  /** Title for people, with what it was trained on. */
  name: Scalars['String']['output'];
};

/** The part of an encoder that computes: an ONNX graph. */
export type EncoderModel = {
  __typename?: 'EncoderModel';
  /** Size of the ONNX file. */
  bytes: Scalars['Int']['output'];
  /** Name of the graph's output that becomes the vector. */
  output: Scalars['String']['output'];
  /** How the output becomes one vector: `none`, `mean` over positions, or `cls` (the first token). */
  pooling: Scalars['String']['output'];
  /** Execution provider that ran it last on this server: `cuda`, `webgpu` or `cpu`; null before the first run. */
  provider?: Maybe<Scalars['String']['output']>;
};

/** What `registerEncoder` answers. */
export type EncoderPayload = {
  __typename?: 'EncoderPayload';
  /** The encoder; null when there are errors. */
  encoder?: Maybe<Encoder>;
  /** What was refused, and why. */
  errors: Array<UserError>;
};

/** Every way in which a request, or one slide of a job, can fail as expected. */
export type ErrorCode =
  /** No patient has an event, so there is no survival to model. */
  | 'ALL_CENSORED'
  /** An argument is out of range or does not fit another one. */
  | 'BAD_ARGUMENT'
  /** A class has fewer patients than folds. */
  | 'CLASS_TOO_SMALL'
  /** The table has no such column. */
  | 'COLUMN_UNKNOWN'
  /** It exists already with different content. */
  | 'CONFLICT'
  /** A vector's length is not the feature set's `dims`. */
  | 'DIMENSION_MISMATCH'
  /** The same key twice in one input. */
  | 'DUPLICATE_KEY'
  /** The encoder is known by name only and cannot compute. */
  | 'ENCODER_HAS_NO_MODEL'
  /** Nothing is there under the configured roots. */
  | 'FILE_NOT_FOUND'
  /** You may not do this in this study. */
  | 'FORBIDDEN'
  /** No reader on this machine opens this format; the fix names a conversion. */
  | 'FORMAT_UNSUPPORTED'
  /** HistoQL's own fault: the log tells more. Retrying is safe. */
  | 'INTERNAL'
  /** A patient would be trained and tested on at once. */
  | 'LEAKAGE'
  /** A limit of the server was reached: size, depth, rate or number. */
  | 'LIMIT_EXCEEDED'
  /** Slides of different stains in one computation that cannot mix them. */
  | 'MIXED_STAINS'
  /** The model was made for another feature set, or its inputs differ. */
  | 'MODEL_INCOMPATIBLE'
  /** The bytes are not a PNG or JPEG that can be decoded. */
  | 'NOT_AN_IMAGE'
  /** The background is not bright: ask for the DARKFIELD tissue method. */
  | 'NOT_BRIGHTFIELD'
  /** A number is NaN or infinite. */
  | 'NOT_FINITE'
  /** No such thing, or not in a study that you may see. */
  | 'NOT_FOUND'
  /** No patch holds as much tissue as was asked for. */
  | 'NO_TISSUE'
  /** The file gives no believable µm/px (0.05 to 20). Set it with `setSlideResolution`. */
  | 'RESOLUTION_UNKNOWN'
  /** The file begins like a slide but cannot be read to its end. */
  | 'SLIDE_CORRUPT'
  /** Only features of this slide are known, no pixels. */
  | 'SLIDE_HAS_NO_IMAGE'
  /** The embedded database cannot hold this; set DATABASE_URL to a PostgreSQL server. */
  | 'STORE_TOO_SMALL'
  /** Too few patients for this statistic. */
  | 'TOO_FEW_PATIENTS'
  /** An attribute was asked for as another type than it has. */
  | 'TYPE_MISMATCH'
  /** A cell cannot be read as its column's type. */
  | 'VALUE_UNPARSABLE';

/** What one vector of a feature set stands for. */
export type FeatureLevel =
  /** One patch of one slide. */
  | 'PATCH'
  /** One patient. */
  | 'PATIENT'
  /** One whole slide. */
  | 'SLIDE';

/** Vectors that may be compared: one encoder, one grid recipe, one preprocessing, one level. Everything downstream names a feature set; two never mix. */
export type FeatureSet = Derived & Node & {
  __typename?: 'FeatureSet';
  /** Length of the vectors. */
  dims: Scalars['Int']['output'];
  /** The network that made the vectors. */
  encoder: Encoder;
  /** Global id. */
  id: Scalars['ID']['output'];
  /** Short name for queries; unique in its study. */
  key: Scalars['String']['output'];
  /** What one vector stands for. */
  level: FeatureLevel;
  /** Encoder digest, grid recipe and preprocessing, and whether any slide has changed since. */
  lineage: Lineage;
  /** Resolution of the patches, in micrometres per pixel. */
  micronsPerPixel: Scalars['Float']['output'];
  /** By how many pixels at `micronsPerPixel` neighbouring patches overlap. */
  overlap: Scalars['Int']['output'];
  /** Edge of a patch, in pixels at `micronsPerPixel`. */
  patchSize: Scalars['Int']['output'];
  /** What was done to the pixels before the encoder saw them. */
  preprocessing: Scalars['JSON']['output'];
  /** The slides with at least one vector, by key. */
  slides: SlideConnection;
  /** The study that it belongs to. */
  study: Study;
  /** How many vectors are stored. */
  vectors: Scalars['Int']['output'];
};


/** Vectors that may be compared: one encoder, one grid recipe, one preprocessing, one level. Everything downstream names a feature set; two never mix. */
export type FeatureSetslidesArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
};

/** How to cut slides into patches. Patches are anchored at the slide's corner, so equal inputs give equal patches. */
export type GridInput = {
  /** Resolution to cut at, in micrometres per pixel; slides are rescaled from their nearest finer level. */
  micronsPerPixel: Scalars['Float']['input'];
  /** Patches with a smaller share of tissue are left out, 0 to 1. */
  minTissue: Scalars['Float']['input'];
  /** By how many pixels at `micronsPerPixel` neighbouring patches overlap; less than `patchSize`. */
  overlap: Scalars['Int']['input'];
  /** Edge of a patch in pixels at `micronsPerPixel`. 224 pixels at 0.5 µm/px are 112 µm of tissue. */
  patchSize: Scalars['Int']['input'];
  /** How tissue is told from glass. */
  tissue: TissueMethod;
};

/** A picture of tissue. */
export type ImageInput = {
  /** Base64 PNG or JPEG. */
  data: Scalars['String']['input'];
  /** Its resolution, in micrometres per pixel; it is rescaled to the feature set's, and its middle is used. */
  micronsPerPixel: Scalars['Float']['input'];
};

/**
 * Long work: queued, resumable, with progress. A job whose server dies goes on where it stood when a server runs again:
 * at most one batch is computed twice, none is stored twice.
 */
export type Job = Node & {
  __typename?: 'Job';
  /** How many times it was begun: 1 for work that was never interrupted or retried. */
  attempts: Scalars['Int']['output'];
  /** The jobs that it was split into, in the order in which they were queued. */
  children: JobConnection;
  /** When it was asked for. */
  createdAt: Scalars['DateTime']['output'];
  /** What could not be done, slide by slide. The rest of the job is done all the same. */
  failures: JobFailureConnection;
  /** When it ended, in whatever state; null before. */
  finishedAt?: Maybe<Scalars['DateTime']['output']>;
  /** Global id. */
  id: Scalars['ID']['output'];
  /** What kind of work. */
  kind: JobKind;
  /** How much is done, and how fast. */
  progress: Progress;
  /** What it made, such as the feature set; null before there is something. */
  result?: Maybe<Node>;
  /** When it was first begun; null while queued. */
  startedAt?: Maybe<Scalars['DateTime']['output']>;
  /** How far it has come. */
  state: JobState;
  /** The study that it works for; null when it serves none. */
  study?: Maybe<Study>;
};


/**
 * Long work: queued, resumable, with progress. A job whose server dies goes on where it stood when a server runs again:
 * at most one batch is computed twice, none is stored twice.
 */
export type JobchildrenArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
};


/**
 * Long work: queued, resumable, with progress. A job whose server dies goes on where it stood when a server runs again:
 * at most one batch is computed twice, none is stored twice.
 */
export type JobfailuresArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
};

/** A page of jobs. */
export type JobConnection = {
  __typename?: 'JobConnection';
  /** The same jobs, each with its cursor. */
  edges: Array<JobEdge>;
  /** The jobs of this page. */
  nodes: Array<Job>;
  /** Where this page stands in the list. */
  pageInfo: PageInfo;
  /** How many match on all pages. */
  totalCount: Scalars['Int']['output'];
};

/** A job in a list. */
export type JobEdge = {
  __typename?: 'JobEdge';
  /** Pass it as `after` to go on behind this job. */
  cursor: Scalars['String']['output'];
  /** The job itself. */
  node: Job;
};

/** One thing that a job could not do. */
export type JobFailure = {
  __typename?: 'JobFailure';
  /** Why; made for programs. */
  code: ErrorCode;
  /** What to do about it, before `retryJob`. */
  fix?: Maybe<Scalars['String']['output']>;
  /** Why; one sentence for a person. */
  message: Scalars['String']['output'];
  /** The patient that failed, where it was one. */
  patient?: Maybe<Patient>;
  /** The slide that failed, where it was one. */
  slide?: Maybe<Slide>;
};

/** A page of a job's failures. */
export type JobFailureConnection = {
  __typename?: 'JobFailureConnection';
  /** The same failures, each with its cursor. */
  edges: Array<JobFailureEdge>;
  /** The failures of this page. */
  nodes: Array<JobFailure>;
  /** Where this page stands in the list. */
  pageInfo: PageInfo;
  /** How many there are on all pages. */
  totalCount: Scalars['Int']['output'];
};

/** A failure in a list. */
export type JobFailureEdge = {
  __typename?: 'JobFailureEdge';
  /** Pass it as `after` to go on behind this failure. */
  cursor: Scalars['String']['output'];
  /** The failure itself. */
  node: JobFailure;
};

/** What kind of work a job is. */
export type JobKind =
  /** Clustering vectors into phenotypes. */
  | 'CODEBOOK'
  /** Computing vectors, tiling first where needed. */
  | 'EMBED'
  /** Writing features out. */
  | 'EXPORT'
  /** Taking in features computed elsewhere. */
  | 'IMPORT'
  /** Building a search index. */
  | 'INDEX'
  /** Registering slides. */
  | 'INGEST'
  /** Scoring patients with a trained model. */
  | 'SCORE'
  /** Finding tissue and laying grids. */
  | 'TILE'
  /** Training a multiple-instance model. */
  | 'TRAIN';

/** What a mutation answers that starts, stops or retries work. */
export type JobPayload = {
  __typename?: 'JobPayload';
  /** What was refused, and why. */
  errors: Array<UserError>;
  /** The job; null when there are errors. */
  job?: Maybe<Job>;
};

/** How far a job has come. */
export type JobState =
  /** Stopped by `cancelJob`. What was stored by then stays. */
  | 'CANCELLED'
  /** Ended; nothing could be done. */
  | 'FAILED'
  /** Ended; some slides failed, the others are done. `failures` lists them, `retryJob` tries only those again. */
  | 'PARTLY_FAILED'
  /** Waiting for a worker. */
  | 'QUEUED'
  /** Being worked on, or interrupted and about to go on. */
  | 'RUNNING'
  /** All done. */
  | 'SUCCEEDED';

/** Where a derived thing comes from. Two things with equal digests are equal. */
export type Lineage = {
  __typename?: 'Lineage';
  /** When it was computed or imported. */
  createdAt: Scalars['DateTime']['output'];
  /** SHA-256 in hex over the parameters, the software and the digests of the sources: equal digests mean equal results. */
  digest: Scalars['String']['output'];
  /** True when a source has changed since: a slide's file, its resolution, a grid. Recompute before you rely on it. */
  isStale: Scalars['Boolean']['output'];
  /** What was asked for: patch size, µm/px, tissue method, preprocessing and the like. */
  parameters: Scalars['JSON']['output'];
  /** What computed it: versions of HistoQL, of the slide reader and of the inference engine, and the execution provider. */
  software: Scalars['JSON']['output'];
  /** Which source changed, in words. Null unless `isStale`. */
  staleReason?: Maybe<Scalars['String']['output']>;
  /** How far the lineage can be relied on. */
  trust: Trust;
};

/**
 * Everything that changes something. Each mutation answers with what it made and with `errors`: the expected failures, each
 * with a code and a fix. Long work comes back at once as a job.
 */
export type Mutation = {
  __typename?: 'Mutation';
  /** Stops a job at the end of its batch. What is stored stays, and `retryJob` goes on from there. One that has ended stays as it is. */
  cancelJob: JobPayload;
  /** Opens an empty study. The same input again changes nothing; the same key with another name is `CONFLICT`. */
  createStudy: StudyPayload;
  /** Tiles what is not tiled yet, and creates or extends the feature set, as a job. Asking twice does nothing twice. */
  embedSlides: EmbedSlidesPayload;
  /**
   * Adds an encoder: an ONNX file with a card that says how to feed it. Without a file it is known by name only, for
   * features computed elsewhere. The same input again changes nothing.
   */
  registerEncoder: EncoderPayload;
  /**
   * Adds slides that lie in the server's configured folders to a study, with their patients. What is registered already with
   * the same content counts as unchanged; a file that cannot be read becomes an error, and the others go in all the same.
   */
  registerSlides: RegisterSlidesPayload;
  /** Queues again what a job left undone: its failed slides, or all that a cancelled or failed one had before it. */
  retryJob: JobPayload;
  /**
   * Tells a slide's resolution where its file does not, or tells it wrongly. Grids and vectors that were made with another
   * resolution become stale.
   */
  setSlideResolution: SlidePayload;
  /** Finds the tissue and lays a grid of patches over each slide, as a job. Slides that have this grid already are done at once. */
  tileSlides: JobPayload;
};


/**
 * Everything that changes something. Each mutation answers with what it made and with `errors`: the expected failures, each
 * with a code and a fix. Long work comes back at once as a job.
 */
export type MutationcancelJobArgs = {
  id: Scalars['ID']['input'];
};


/**
 * Everything that changes something. Each mutation answers with what it made and with `errors`: the expected failures, each
 * with a code and a fix. Long work comes back at once as a job.
 */
export type MutationcreateStudyArgs = {
  input: CreateStudyInput;
};


/**
 * Everything that changes something. Each mutation answers with what it made and with `errors`: the expected failures, each
 * with a code and a fix. Long work comes back at once as a job.
 */
export type MutationembedSlidesArgs = {
  input: EmbedSlidesInput;
};


/**
 * Everything that changes something. Each mutation answers with what it made and with `errors`: the expected failures, each
 * with a code and a fix. Long work comes back at once as a job.
 */
export type MutationregisterEncoderArgs = {
  input: RegisterEncoderInput;
};


/**
 * Everything that changes something. Each mutation answers with what it made and with `errors`: the expected failures, each
 * with a code and a fix. Long work comes back at once as a job.
 */
export type MutationregisterSlidesArgs = {
  input: RegisterSlidesInput;
};


/**
 * Everything that changes something. Each mutation answers with what it made and with `errors`: the expected failures, each
 * with a code and a fix. Long work comes back at once as a job.
 */
export type MutationretryJobArgs = {
  id: Scalars['ID']['input'];
};


/**
 * Everything that changes something. Each mutation answers with what it made and with `errors`: the expected failures, each
 * with a code and a fix. Long work comes back at once as a job.
 */
export type MutationsetSlideResolutionArgs = {
  input: SetSlideResolutionInput;
};


/**
 * Everything that changes something. Each mutation answers with what it made and with `errors`: the expected failures, each
 * with a code and a fix. Long work comes back at once as a job.
 */
export type MutationtileSlidesArgs = {
  input: TileSlidesInput;
};

/** Anything that can be fetched again by its global id, with `node(id:)`. */
export type Node = {
  /**
   * Opaque and global. It derives from what the thing is (study, slide key, feature set, position), not from when it was
   * stored, so it survives a restore or a second tiling.
   */
  id: Scalars['ID']['output'];
};

/** One criterion of an ordering; later ones break ties of earlier ones. */
export type Order = {
  /** A natural field of the listed things, such as `key`. */
  by: Scalars['String']['input'];
  /** Ascending unless said otherwise. */
  direction: Direction;
};

/** Where a page of a connection stands in the whole list. */
export type PageInfo = {
  __typename?: 'PageInfo';
  /** Cursor of the last item of this page; null on an empty page. */
  endCursor?: Maybe<Scalars['String']['output']>;
  /** True when more follow: ask again with `after: endCursor`. */
  hasNextPage: Scalars['Boolean']['output'];
  /** True when items precede this page. */
  hasPreviousPage: Scalars['Boolean']['output'];
  /** Cursor of the first item of this page; null on an empty page. */
  startCursor?: Maybe<Scalars['String']['output']>;
};

/** A square of tissue on one slide: the unit that is embedded and searched. */
export type Patch = Node & {
  __typename?: 'Patch';
  /** The grid that it is a cell of. */
  grid: PatchGrid;
  /** Global id; it derives from slide, grid and position. */
  id: Scalars['ID']['output'];
  /** Signed and short-lived address of a JPEG; null when the slide has no image. */
  imageUrl?: Maybe<Scalars['String']['output']>;
  /** Named numbers with units in the name, such as blurVariance, dabShare; an empty object while none were taken. */
  measurements: Scalars['JSON']['output'];
  /** Edge in level-0 pixels. */
  size: Scalars['Int']['output'];
  /** The slide that it was cut from. */
  slide: Slide;
  /** Share of the patch that is tissue, 0 to 1. */
  tissueShare: Scalars['Float']['output'];
  /** The patch's embedding; null when the feature set holds none for it. */
  vector?: Maybe<Scalars['Vector']['output']>;
  /** Left edge, in level-0 pixels from the slide's left. */
  x: Scalars['Int']['output'];
  /** Upper edge, in level-0 pixels from the slide's top. */
  y: Scalars['Int']['output'];
};


/** A square of tissue on one slide: the unit that is embedded and searched. */
export type PatchimageUrlArgs = {
  contextMicrons?: InputMaybe<Scalars['Float']['input']>;
  maxPixels?: InputMaybe<Scalars['Int']['input']>;
};


/** A square of tissue on one slide: the unit that is embedded and searched. */
export type PatchvectorArgs = {
  featureSet: Scalars['ID']['input'];
};

/** Which patches. What is given together must all hold. */
export type PatchFilter = {
  /** Only patches of patients that pass this. */
  patients?: InputMaybe<PatientFilter>;
  /** Only patches of slides that pass this. */
  slides?: InputMaybe<SlideFilter>;
};

/** Tissue and patches of one slide at one resolution; the same parameters give the same grid. */
export type PatchGrid = Derived & Node & {
  __typename?: 'PatchGrid';
  /** Global id. */
  id: Scalars['ID']['output'];
  /** The slide's checksum and the parameters that made the grid. */
  lineage: Lineage;
  /** Signed and short-lived address of a PNG of the tissue mask over the whole slide. */
  maskUrl: Scalars['String']['output'];
  /** Resolution of the grid, in micrometres per pixel. */
  micronsPerPixel: Scalars['Float']['output'];
  /** By how many pixels at `micronsPerPixel` neighbouring patches overlap. */
  overlap: Scalars['Int']['output'];
  /** Edge of a patch as the encoder sees it, in pixels at `micronsPerPixel`. */
  patchSize: Scalars['Int']['output'];
  /** Number of patches that hold enough tissue. */
  patches: Scalars['Int']['output'];
  /** The slide that it lies over. */
  slide: Slide;
  /** Share of the slide's area that is tissue, 0 to 1. */
  tissueShare: Scalars['Float']['output'];
};

/** One person of a study, under a pseudonym: the unit that splits, survival and similarity must never mix up. */
export type Patient = Node & {
  __typename?: 'Patient';
  /** Clinical values by attribute key; an empty object while none are imported. */
  clinical: Scalars['JSON']['output'];
  /** Global id. */
  id: Scalars['ID']['output'];
  /** The pseudonymous key that the importer gave; unique in its study. */
  key: Scalars['String']['output'];
  /** The patient's slides. */
  slides: SlideConnection;
  /** The study that the patient belongs to. */
  study: Study;
};


/** One person of a study, under a pseudonym: the unit that splits, survival and similarity must never mix up. */
export type PatientslidesArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  filter?: InputMaybe<SlideFilter>;
  first?: InputMaybe<Scalars['Int']['input']>;
};

/** Names one patient, by global id or by study and key. */
export type PatientBy =
  /** Global id. */
  { id: Scalars['ID']['input']; key?: never; }
  |  /** Study and patient key. */
  { id?: never; key: StudyKey; };

/** A page of patients. */
export type PatientConnection = {
  __typename?: 'PatientConnection';
  /** The same patients, each with its cursor. */
  edges: Array<PatientEdge>;
  /** The patients of this page. */
  nodes: Array<Patient>;
  /** Where this page stands in the list. */
  pageInfo: PageInfo;
  /** How many match on all pages. */
  totalCount: Scalars['Int']['output'];
};

/** A patient in a list. */
export type PatientEdge = {
  __typename?: 'PatientEdge';
  /** Pass it as `after` to go on behind this patient. */
  cursor: Scalars['String']['output'];
  /** The patient itself. */
  node: Patient;
};

/** Which patients. What is given together must all hold; an empty filter holds for every patient that you may see. */
export type PatientFilter = {
  /** All of these must hold. */
  and?: InputMaybe<Array<PatientFilter>>;
  /** Only these, by global id. */
  ids?: InputMaybe<Array<Scalars['ID']['input']>>;
  /** Only these, by key. */
  keys?: InputMaybe<Array<Scalars['String']['input']>>;
  /** This must not hold. */
  not?: InputMaybe<PatientFilter>;
  /** At least one of these must hold. */
  or?: InputMaybe<Array<PatientFilter>>;
  /** Only patients with at least one slide that passes this. */
  slides?: InputMaybe<SlideFilter>;
  /** Only patients of this study. */
  studyKey?: InputMaybe<Scalars['String']['input']>;
};

/** What is done to the pixels of a patch before the encoder sees them. */
export type PreprocessingInput = {
  /** How differences of staining between laboratories are evened out. */
  stainNormalization: StainNormalization;
};

/** How much of a job is done, and how fast it goes. */
export type Progress = {
  __typename?: 'Progress';
  /** How many units are done. */
  done: Scalars['Int']['output'];
  /** What is being done now, in words. */
  message?: Maybe<Scalars['String']['output']>;
  /** Units a second, over the last stretch; null before there is a rate. */
  perSecond?: Maybe<Scalars['Float']['output']>;
  /** Seconds until the end at that rate; null while unknown. */
  secondsLeft?: Maybe<Scalars['Float']['output']>;
  /** How many there are; null while unknown. */
  total?: Maybe<Scalars['Int']['output']>;
  /** What is counted: `slides`, `patches` and the like. */
  unit: Scalars['String']['output'];
};

/** Everything that can be read. Reading never starts work. */
export type Query = {
  __typename?: 'Query';
  /** An encoder by its key. */
  encoder?: Maybe<Encoder>;
  /** Every encoder that this server knows, bundled and registered, by key. */
  encoders: Array<Encoder>;
  /** A feature set by its study and key; null when there is none that you may see. */
  featureSet?: Maybe<FeatureSet>;
  /** One job; null when there is none that you may see. */
  job?: Maybe<Job>;
  /** Jobs that were asked for directly, newest first. */
  jobs: JobConnection;
  /** Any thing by its global id; null when there is none that you may see. */
  node?: Maybe<Node>;
  /** Several things by their global ids, in the order asked; null in the place of each that does not exist or that you may not see. */
  nodes: Array<Maybe<Node>>;
  /** One patient; null when there is none that you may see. */
  patient?: Maybe<Patient>;
  /** Patients of every study that you may see, or of the one that the filter names. */
  patients: PatientConnection;
  /** The patches that look most like a patch, a picture or a vector. Read `search` before you rely on the hits. */
  similarPatches: SimilarPatches;
  /** One slide; null when there is none that you may see. */
  slide?: Maybe<Slide>;
  /** Slides of every study that you may see, or of the one that the filter names. */
  slides: SlideConnection;
  /** The studies that you may see, by key. */
  studies: StudyConnection;
  /** A study by its key; null when there is none that you may see. */
  study?: Maybe<Study>;
  /** Who the server takes you for. */
  viewer: Viewer;
};


/** Everything that can be read. Reading never starts work. */
export type QueryencoderArgs = {
  key: Scalars['String']['input'];
};


/** Everything that can be read. Reading never starts work. */
export type QueryfeatureSetArgs = {
  key: Scalars['String']['input'];
  studyKey: Scalars['String']['input'];
};


/** Everything that can be read. Reading never starts work. */
export type QueryjobArgs = {
  id: Scalars['ID']['input'];
};


/** Everything that can be read. Reading never starts work. */
export type QueryjobsArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
  states?: InputMaybe<Array<JobState>>;
  studyKey?: InputMaybe<Scalars['String']['input']>;
};


/** Everything that can be read. Reading never starts work. */
export type QuerynodeArgs = {
  id: Scalars['ID']['input'];
};


/** Everything that can be read. Reading never starts work. */
export type QuerynodesArgs = {
  ids: Array<Scalars['ID']['input']>;
};


/** Everything that can be read. Reading never starts work. */
export type QuerypatientArgs = {
  by: PatientBy;
};


/** Everything that can be read. Reading never starts work. */
export type QuerypatientsArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  filter: PatientFilter;
  first?: InputMaybe<Scalars['Int']['input']>;
  orderBy?: InputMaybe<Array<Order>>;
};


/** Everything that can be read. Reading never starts work. */
export type QuerysimilarPatchesArgs = {
  input: SimilarPatchesInput;
};


/** Everything that can be read. Reading never starts work. */
export type QueryslideArgs = {
  by: SlideBy;
};


/** Everything that can be read. Reading never starts work. */
export type QueryslidesArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  filter: SlideFilter;
  first?: InputMaybe<Scalars['Int']['input']>;
  orderBy?: InputMaybe<Array<Order>>;
};


/** Everything that can be read. Reading never starts work. */
export type QuerystudiesArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
};


/** Everything that can be read. Reading never starts work. */
export type QuerystudyArgs = {
  key: Scalars['String']['input'];
};

/** On what grounds a recall is claimed. */
export type RecallBasis =
  /** Measured on this feature set, against exact searches. */
  | 'CALIBRATED'
  /** Every candidate was compared: nothing can be missed. */
  | 'EXACT';

/** An encoder to register. */
export type RegisterEncoderInput = {
  /**
   * How to feed the model: input size, µm/px, mean and standard deviation or value range, colour order, output and pooling.
   * The documentation lists the card's fields.
   */
  card: Scalars['JSON']['input'];
  /** What to cite. */
  citation?: InputMaybe<Scalars['String']['input']>;
  /** Length of its vectors; checked against the model. */
  dims: Scalars['Int']['input'];
  /** Short name for queries. */
  key: Scalars['String']['input'];
  /** Licence of the weights. */
  licence?: InputMaybe<Scalars['String']['input']>;
  /** Title for people. */
  name: Scalars['String']['input'];
  /** The ONNX file, under a configured root of the server. Omit it for an encoder known by name only. */
  path?: InputMaybe<Scalars['String']['input']>;
};

/** Slides to register. */
export type RegisterSlidesInput = {
  /** Files, folders or globs under a configured root of the server. */
  paths: Array<Scalars['String']['input']>;
  /**
   * A regular expression over the slide key whose group `patient` is the patient's key, such as
   * `^(?<patient>TCGA-[^-]+-[^-]+)`. Without it each slide is its own patient, under the slide's key.
   */
  patientPattern?: InputMaybe<Scalars['String']['input']>;
  /** Patients of single slides, before the pattern is tried. */
  patients?: InputMaybe<Array<SlidePatientInput>>;
  /** The stain of all of them. */
  stain: Stain;
  /** The study that they go into. */
  studyKey: Scalars['String']['input'];
};

/** What `registerSlides` answers. */
export type RegisterSlidesPayload = {
  __typename?: 'RegisterSlidesPayload';
  /** One for each file that could not be registered. */
  errors: Array<UserError>;
  /** The slides now registered that were asked for, old and new, by key. */
  slides: Array<Slide>;
  /** How many of them were there before, with the same content. */
  unchanged: Scalars['Int']['output'];
};

/** How a similarity search went: a search that cannot give all that was asked says so here. */
export type SearchReport = {
  __typename?: 'SearchReport';
  /** True when hits are min(first, matches) rows. */
  isComplete: Scalars['Boolean']['output'];
  /** Rows that pass the filter; see `matchesIsExact`. */
  matches?: Maybe<Scalars['Int']['output']>;
  /** False when counting stopped at a bound: then there are at least `matches` rows. */
  matchesIsExact: Scalars['Boolean']['output'];
  /** Why this strategy, or why fewer hits than asked; one sentence. */
  reason?: Maybe<Scalars['String']['output']>;
  /** On what grounds the recall is claimed. */
  recallBasis: RecallBasis;
  /** Expected share of the true nearest patches among the hits, 0 to 1; 1 for an exact search. */
  recallEstimate?: Maybe<Scalars['Float']['output']>;
  /** How many vectors were compared. */
  scanned?: Maybe<Scalars['Int']['output']>;
  /** What ran. */
  strategy: SearchStrategy;
  /** Time in the database, in milliseconds. */
  tookMs: Scalars['Float']['output'];
};

/** What a similarity search did. */
export type SearchStrategy =
  /** Looked into the clusters nearest to the query. */
  | 'CLUSTERED'
  /** Compared every vector that passes the filter. */
  | 'EXACT'
  /** Walked the index on and on until enough rows passed the filter. */
  | 'ITERATIVE_INDEX'
  /** Walked an index over just the rows that pass the filter. */
  | 'PARTIAL_INDEX'
  /** Walked the index of the whole feature set. */
  | 'PARTITION_INDEX';

/** A resolution told by a person. */
export type SetSlideResolutionInput = {
  /** Micrometres per level-0 pixel, 0.05 to 20. A 20× scan is about 0.5, a 40× scan about 0.25. */
  micronsPerPixel: Scalars['Float']['input'];
  /** Which slide. */
  slide: SlideBy;
};

/** A patch found by its likeness. */
export type SimilarPatch = {
  __typename?: 'SimilarPatch';
  /** Cosine distance of the two vectors: 0 for the same direction, 1 for unrelated, 2 for opposite. */
  distance: Scalars['Float']['output'];
  /** The patch. */
  patch: Patch;
  /** 1 − distance. */
  similarity: Scalars['Float']['output'];
};

/** The nearest patches, and how far the answer can be relied on. */
export type SimilarPatches = {
  __typename?: 'SimilarPatches';
  /** Nearest first. */
  hits: Array<SimilarPatch>;
  /** How the search went. */
  search: SearchReport;
};

/** What to look for, and among which patches. */
export type SimilarPatchesInput = {
  /** Leave out the patches of the query's own patient, whose likeness says little. Matters only when the query is a patch. */
  excludeSamePatient: Scalars['Boolean']['input'];
  /** Global id of the feature set to search in. */
  featureSet: Scalars['ID']['input'];
  /** Among which patches; all of the feature set when omitted. */
  filter?: InputMaybe<PatchFilter>;
  /** How many hits, 1 to 1000. */
  first: Scalars['Int']['input'];
  /** Least share of the true nearest patches that the hits must hold, 0 to 1. */
  minRecall: Scalars['Float']['input'];
  /** What the hits shall look like. */
  to: SimilarTo;
};

/** What the hits shall look like: exactly one of these. */
export type SimilarTo =
  /** A picture: it is embedded by the feature set's encoder. */
  { image: ImageInput; patch?: never; vector?: never; }
  |  /** A patch of the same study, by its global id. */
  { image?: never; patch: Scalars['ID']['input']; vector?: never; }
  |  /** A vector that you computed yourself, as long as the feature set's `dims`. */
  { image?: never; patch?: never; vector: Scalars['Vector']['input']; };

/** One stained section of a patient's tissue. Its image may be absent: then only its features are known. */
export type Slide = Node & {
  __typename?: 'Slide';
  /** Values that belong to the slide rather than to the patient, by attribute key. */
  clinical: Scalars['JSON']['output'];
  /** In which feature sets the slide has vectors, and whether all of them. */
  featureSets: Array<SlideFeatures>;
  /** Every grid of patches that was laid over the slide. */
  grids: Array<PatchGrid>;
  /** Global id. */
  id: Scalars['ID']['output'];
  /** The scanned picture; null while only features are known. */
  image?: Maybe<SlideImage>;
  /** Unique in its study; by default the file's stem. */
  key: Scalars['String']['output'];
  /** The patient that the tissue comes from. */
  patient: Patient;
  /** The block or sample that was cut, when the importer told. */
  specimen?: Maybe<Scalars['String']['output']>;
  /** How the section was stained. */
  stain: Stain;
  /** The study that the slide belongs to. */
  study: Study;
};

/** Names one slide, by global id or by study and key. */
export type SlideBy =
  /** Global id. */
  { id: Scalars['ID']['input']; key?: never; }
  |  /** Study and slide key. */
  { id?: never; key: StudyKey; };

/** A page of slides. */
export type SlideConnection = {
  __typename?: 'SlideConnection';
  /** The same slides, each with its cursor. */
  edges: Array<SlideEdge>;
  /** The slides of this page. */
  nodes: Array<Slide>;
  /** Where this page stands in the list. */
  pageInfo: PageInfo;
  /** How many match on all pages. */
  totalCount: Scalars['Int']['output'];
};

/** A slide in a list. */
export type SlideEdge = {
  __typename?: 'SlideEdge';
  /** Pass it as `after` to go on behind this slide. */
  cursor: Scalars['String']['output'];
  /** The slide itself. */
  node: Slide;
};

/** What one slide has in one feature set. */
export type SlideFeatures = {
  __typename?: 'SlideFeatures';
  /** When the last one was stored; null until complete. */
  completedAt?: Maybe<Scalars['DateTime']['output']>;
  /** The feature set. */
  featureSet: FeatureSet;
  /** True when every patch of the slide's grid has its vector. */
  isComplete: Scalars['Boolean']['output'];
  /** How many of the slide's vectors are stored. */
  vectors: Scalars['Int']['output'];
};

/** Which slides. What is given together must all hold; an empty filter holds for every slide that you may see. */
export type SlideFilter = {
  /** All of these must hold. */
  and?: InputMaybe<Array<SlideFilter>>;
  /** Only slides with at least one vector in this feature set, by its global id. */
  hasFeatureSet?: InputMaybe<Scalars['ID']['input']>;
  /** Only these, by global id. */
  ids?: InputMaybe<Array<Scalars['ID']['input']>>;
  /** Only these, by key. */
  keys?: InputMaybe<Array<Scalars['String']['input']>>;
  /** This must not hold. */
  not?: InputMaybe<SlideFilter>;
  /** At least one of these must hold. */
  or?: InputMaybe<Array<SlideFilter>>;
  /** Only slides of patients that pass this. */
  patients?: InputMaybe<PatientFilter>;
  /** Only slides with one of these stains. */
  stains?: InputMaybe<Array<Stain>>;
  /** Only slides of this study. */
  studyKey?: InputMaybe<Scalars['String']['input']>;
};

/** The scanned picture of a slide. Label and macro images are never served: they can carry names. */
export type SlideImage = {
  __typename?: 'SlideImage';
  /** SHA-256 of the file's bytes in hex, with which every lineage begins. */
  checksum: Scalars['String']['output'];
  /** Height of level 0, in pixels. */
  heightPixels: Scalars['Int']['output'];
  /** Number of resolution levels stored in the file. */
  levels: Scalars['Int']['output'];
  /** Micrometres per level-0 pixel across; null while unknown. */
  micronsPerPixelX?: Maybe<Scalars['Float']['output']>;
  /** Micrometres per level-0 pixel down; null while unknown. */
  micronsPerPixelY?: Maybe<Scalars['Float']['output']>;
  /** Technical properties from an allow-list: objective, scanner model, compression. Never free text, never names. */
  properties: Scalars['JSON']['output'];
  /** Who told the resolution: FILE, USER or null. */
  resolutionSource?: Maybe<Scalars['String']['output']>;
  /** Signed and short-lived address of a JPEG of the whole slide. */
  thumbnailUrl: Scalars['String']['output'];
  /** Signed and short-lived address of a Deep Zoom descriptor, for viewers such as OpenSeadragon. */
  tilesUrl: Scalars['String']['output'];
  /** The scanner's maker, as the reader recognises it. */
  vendor?: Maybe<Scalars['String']['output']>;
  /** Width of level 0, in pixels. */
  widthPixels: Scalars['Int']['output'];
};


/** The scanned picture of a slide. Label and macro images are never served: they can carry names. */
export type SlideImagethumbnailUrlArgs = {
  maxPixels?: InputMaybe<Scalars['Int']['input']>;
};

/** Whose slide one slide is. */
export type SlidePatientInput = {
  /** The pseudonymous key of its patient. */
  patientKey: Scalars['String']['input'];
  /** The slide's key: its file's stem. */
  slideKey: Scalars['String']['input'];
};

/** What a mutation of one slide answers. */
export type SlidePayload = {
  __typename?: 'SlidePayload';
  /** What was refused, and why. */
  errors: Array<UserError>;
  /** The slide; null when there are errors. */
  slide?: Maybe<Slide>;
};

/** How a section was stained. Vectors of different stains seldom compare. */
export type Stain =
  /** Fluorescence: bright on a dark ground. */
  | 'FLUORESCENCE'
  /** Haematoxylin and eosin. */
  | 'HE'
  /** Immunohistochemistry: an antibody made visible, such as CD3 with DAB. */
  | 'IHC'
  /** A stain of another kind. */
  | 'OTHER'
  /** Nobody told. */
  | 'UNKNOWN';

/** How differences of staining are evened out. */
export type StainNormalization =
  /** Pixels go to the encoder as they were scanned. */
  | 'NONE';

/** A research project: its patients, slides and feature sets. Keys are unique inside it, access is granted on it, nothing crosses it. */
export type Study = Node & {
  __typename?: 'Study';
  /** What the study is about. */
  description?: Maybe<Scalars['String']['output']>;
  /** Every feature set of the study, by key. */
  featureSets: Array<FeatureSet>;
  /** Global id. */
  id: Scalars['ID']['output'];
  /** Short name for queries and notebooks, such as `glioma-2026`. */
  key: Scalars['String']['output'];
  /** Title for people. */
  name: Scalars['String']['output'];
  /** The study's patients. */
  patients: PatientConnection;
  /** The study's slides. */
  slides: SlideConnection;
};


/** A research project: its patients, slides and feature sets. Keys are unique inside it, access is granted on it, nothing crosses it. */
export type StudypatientsArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  filter?: InputMaybe<PatientFilter>;
  first?: InputMaybe<Scalars['Int']['input']>;
  orderBy?: InputMaybe<Array<Order>>;
};


/** A research project: its patients, slides and feature sets. Keys are unique inside it, access is granted on it, nothing crosses it. */
export type StudyslidesArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  filter?: InputMaybe<SlideFilter>;
  first?: InputMaybe<Scalars['Int']['input']>;
  orderBy?: InputMaybe<Array<Order>>;
};

/** A page of studies. */
export type StudyConnection = {
  __typename?: 'StudyConnection';
  /** The same studies, each with its cursor. */
  edges: Array<StudyEdge>;
  /** The studies of this page. */
  nodes: Array<Study>;
  /** Where this page stands in the list. */
  pageInfo: PageInfo;
  /** How many there are on all pages. */
  totalCount: Scalars['Int']['output'];
};

/** A study in a list. */
export type StudyEdge = {
  __typename?: 'StudyEdge';
  /** Pass it as `after` to go on behind this study. */
  cursor: Scalars['String']['output'];
  /** The study itself. */
  node: Study;
};

/** A key is unique only inside its study, so both are needed to name a patient or a slide. */
export type StudyKey = {
  /** Key of the thing inside the study. */
  key: Scalars['String']['input'];
  /** Key of the study. */
  studyKey: Scalars['String']['input'];
};

/** What `createStudy` answers. */
export type StudyPayload = {
  __typename?: 'StudyPayload';
  /** What was refused, and why. */
  errors: Array<UserError>;
  /** The study; null when there are errors. */
  study?: Maybe<Study>;
};

/** Slides to cut into patches. */
export type TileSlidesInput = {
  /** Which grid. */
  grid: GridInput;
  /** Which slides; it must name a study, by `studyKey`, ids or otherwise, and only one. */
  slides: SlideFilter;
};

/** How tissue is told from glass. */
export type TissueMethod =
  /** Fluorescence: whatever is brighter than the dark ground. */
  | 'DARKFIELD'
  /** Brightfield: colour saturation above one threshold for all slides, for slides that are nearly all tissue or all glass. */
  | 'FIXED'
  /** Every patch counts as tissue. */
  | 'NONE'
  /** Brightfield: colour saturation above a threshold that Otsu's method finds on each slide. */
  | 'OTSU';

/** How a lineage is known. */
export type Trust =
  /** Imported: the importer says so, nobody here has checked. */
  | 'DECLARED'
  /** Computed here, from sources whose checksums were taken. */
  | 'VERIFIED';

/** An expected failure of a mutation: what was wrong, where in the input, and what to do about it. */
export type UserError = {
  __typename?: 'UserError';
  /** Stable; made for programs to branch on. */
  code: ErrorCode;
  /** What to do about it: often the very mutation or command to run. */
  fix?: Maybe<Scalars['String']['output']>;
  /** One sentence for a person. It names things by their keys, never by patient names, folders or files. */
  message: Scalars['String']['output'];
  /** Path into the input, outermost name first: `["grid", "patchSize"]`. */
  path?: Maybe<Array<Scalars['String']['output']>>;
};

/** Who is asking, and what they may do. */
export type Viewer = {
  __typename?: 'Viewer';
  /** The limits that apply to this viewer: page sizes, request bytes, query depth. */
  limits: Scalars['JSON']['output'];
  /** The name that the access token was given; `local` on a server that listens on loopback without tokens. */
  name: Scalars['String']['output'];
  /** One object for each grant: `{ "role": …, "studyKey": … }`. */
  roles: Array<Scalars['JSON']['output']>;
};



export type ResolverTypeWrapper<T> = Promise<T> | T;


export type ResolverWithResolve<TResult, TParent, TContext, TArgs> = {
  resolve: ResolverFn<TResult, TParent, TContext, TArgs>;
};
export type Resolver<TResult, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>, TArgs = Record<PropertyKey, never>> = ResolverFn<TResult, TParent, TContext, TArgs> | ResolverWithResolve<TResult, TParent, TContext, TArgs>;

export type ResolverFn<TResult, TParent, TContext, TArgs> = (
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => Promise<TResult> | TResult;

export type SubscriptionSubscribeFn<TResult, TParent, TContext, TArgs> = (
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => AsyncIterable<TResult> | Promise<AsyncIterable<TResult>>;

export type SubscriptionResolveFn<TResult, TParent, TContext, TArgs> = (
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => TResult | Promise<TResult>;

export interface SubscriptionSubscriberObject<TResult, TKey extends string, TParent, TContext, TArgs> {
  subscribe: SubscriptionSubscribeFn<{ [key in TKey]: TResult }, TParent, TContext, TArgs>;
  resolve?: SubscriptionResolveFn<TResult, { [key in TKey]: TResult }, TContext, TArgs>;
}

export interface SubscriptionResolverObject<TResult, TParent, TContext, TArgs> {
  subscribe: SubscriptionSubscribeFn<any, TParent, TContext, TArgs>;
  resolve: SubscriptionResolveFn<TResult, any, TContext, TArgs>;
}

export type SubscriptionObject<TResult, TKey extends string, TParent, TContext, TArgs> =
  | SubscriptionSubscriberObject<TResult, TKey, TParent, TContext, TArgs>
  | SubscriptionResolverObject<TResult, TParent, TContext, TArgs>;

export type SubscriptionResolver<TResult, TKey extends string, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>, TArgs = Record<PropertyKey, never>> =
  | ((...args: any[]) => SubscriptionObject<TResult, TKey, TParent, TContext, TArgs>)
  | SubscriptionObject<TResult, TKey, TParent, TContext, TArgs>;

export type TypeResolveFn<TTypes, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>> = (
  parent: TParent,
  context: TContext,
  info: GraphQLResolveInfo
) => Maybe<TTypes> | Promise<Maybe<TTypes>>;

export type IsTypeOfResolverFn<T = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>> = (obj: T, context: TContext, info: GraphQLResolveInfo) => boolean | Promise<boolean>;

export type NextResolverFn<T> = () => Promise<T>;

export type DirectiveResolverFn<TResult = Record<PropertyKey, never>, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>, TArgs = Record<PropertyKey, never>> = (
  next: NextResolverFn<TResult>,
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => TResult | Promise<TResult>;




/** Mapping of interface types */
export type ResolversInterfaceTypes<_RefType extends Record<string, unknown>> = {
  Derived:
    | ( FeatureSetMapper & { __typename: 'FeatureSet' } )
    | ( PatchGridMapper & { __typename: 'PatchGrid' } )
  ;
  Node:
    | ( EncoderMapper & { __typename: 'Encoder' } )
    | ( FeatureSetMapper & { __typename: 'FeatureSet' } )
    | ( JobMapper & { __typename: 'Job' } )
    | ( PatchMapper & { __typename: 'Patch' } )
    | ( PatchGridMapper & { __typename: 'PatchGrid' } )
    | ( PatientMapper & { __typename: 'Patient' } )
    | ( SlideMapper & { __typename: 'Slide' } )
    | ( StudyMapper & { __typename: 'Study' } )
  ;
};

/** Mapping between all available schema types and the resolvers types */
export type ResolversTypes = {
  CreateStudyInput: CreateStudyInput;
  String: ResolverTypeWrapper<Scalars['String']['output']>;
  DateTime: ResolverTypeWrapper<Scalars['DateTime']['output']>;
  Derived: ResolverTypeWrapper<ResolversInterfaceTypes<ResolversTypes>['Derived']>;
  Direction: ResolverTypeWrapper<'ASC' | 'DESC'>;
  EmbedSlidesInput: EmbedSlidesInput;
  EmbedSlidesPayload: ResolverTypeWrapper<Omit<EmbedSlidesPayload, 'errors' | 'featureSet' | 'job'> & { errors: Array<ResolversTypes['UserError']>, featureSet?: Maybe<ResolversTypes['FeatureSet']>, job?: Maybe<ResolversTypes['Job']> }>;
  Encoder: ResolverTypeWrapper<EncoderMapper>;
  Int: ResolverTypeWrapper<Scalars['Int']['output']>;
  ID: ResolverTypeWrapper<Scalars['ID']['output']>;
  Float: ResolverTypeWrapper<Scalars['Float']['output']>;
  EncoderModel: ResolverTypeWrapper<EncoderModelMapper>;
  EncoderPayload: ResolverTypeWrapper<Omit<EncoderPayload, 'encoder' | 'errors'> & { encoder?: Maybe<ResolversTypes['Encoder']>, errors: Array<ResolversTypes['UserError']> }>;
  ErrorCode: ResolverTypeWrapper<'BAD_ARGUMENT' | 'NOT_FOUND' | 'CONFLICT' | 'FORBIDDEN' | 'LIMIT_EXCEEDED' | 'FILE_NOT_FOUND' | 'FORMAT_UNSUPPORTED' | 'SLIDE_CORRUPT' | 'SLIDE_HAS_NO_IMAGE' | 'RESOLUTION_UNKNOWN' | 'NOT_BRIGHTFIELD' | 'NO_TISSUE' | 'MIXED_STAINS' | 'ENCODER_HAS_NO_MODEL' | 'DIMENSION_MISMATCH' | 'NOT_AN_IMAGE' | 'NOT_FINITE' | 'COLUMN_UNKNOWN' | 'VALUE_UNPARSABLE' | 'DUPLICATE_KEY' | 'TYPE_MISMATCH' | 'TOO_FEW_PATIENTS' | 'ALL_CENSORED' | 'CLASS_TOO_SMALL' | 'LEAKAGE' | 'MODEL_INCOMPATIBLE' | 'STORE_TOO_SMALL' | 'INTERNAL'>;
  FeatureLevel: ResolverTypeWrapper<'PATCH' | 'SLIDE' | 'PATIENT'>;
  FeatureSet: ResolverTypeWrapper<FeatureSetMapper>;
  GridInput: GridInput;
  ImageInput: ImageInput;
  JSON: ResolverTypeWrapper<Scalars['JSON']['output']>;
  Job: ResolverTypeWrapper<JobMapper>;
  JobConnection: ResolverTypeWrapper<JobConnectionMapper>;
  JobEdge: ResolverTypeWrapper<Omit<JobEdge, 'node'> & { node: ResolversTypes['Job'] }>;
  JobFailure: ResolverTypeWrapper<JobFailureMapper>;
  JobFailureConnection: ResolverTypeWrapper<JobFailureConnectionMapper>;
  JobFailureEdge: ResolverTypeWrapper<Omit<JobFailureEdge, 'node'> & { node: ResolversTypes['JobFailure'] }>;
  JobKind: ResolverTypeWrapper<'INGEST' | 'TILE' | 'EMBED' | 'CODEBOOK' | 'TRAIN' | 'SCORE' | 'IMPORT' | 'EXPORT' | 'INDEX'>;
  JobPayload: ResolverTypeWrapper<Omit<JobPayload, 'errors' | 'job'> & { errors: Array<ResolversTypes['UserError']>, job?: Maybe<ResolversTypes['Job']> }>;
  JobState: ResolverTypeWrapper<'QUEUED' | 'RUNNING' | 'SUCCEEDED' | 'PARTLY_FAILED' | 'FAILED' | 'CANCELLED'>;
  Lineage: ResolverTypeWrapper<Omit<Lineage, 'trust'> & { trust: ResolversTypes['Trust'] }>;
  Boolean: ResolverTypeWrapper<Scalars['Boolean']['output']>;
  Mutation: ResolverTypeWrapper<Record<PropertyKey, never>>;
  Node: ResolverTypeWrapper<ResolversInterfaceTypes<ResolversTypes>['Node']>;
  Order: Order;
  PageInfo: ResolverTypeWrapper<PageInfo>;
  Patch: ResolverTypeWrapper<PatchMapper>;
  PatchFilter: PatchFilter;
  PatchGrid: ResolverTypeWrapper<PatchGridMapper>;
  Patient: ResolverTypeWrapper<PatientMapper>;
  PatientBy: PatientBy;
  PatientConnection: ResolverTypeWrapper<PatientConnectionMapper>;
  PatientEdge: ResolverTypeWrapper<Omit<PatientEdge, 'node'> & { node: ResolversTypes['Patient'] }>;
  PatientFilter: PatientFilter;
  PreprocessingInput: PreprocessingInput;
  Progress: ResolverTypeWrapper<Progress>;
  Query: ResolverTypeWrapper<Record<PropertyKey, never>>;
  RecallBasis: ResolverTypeWrapper<'EXACT' | 'CALIBRATED'>;
  RegisterEncoderInput: RegisterEncoderInput;
  RegisterSlidesInput: RegisterSlidesInput;
  RegisterSlidesPayload: ResolverTypeWrapper<Omit<RegisterSlidesPayload, 'errors' | 'slides'> & { errors: Array<ResolversTypes['UserError']>, slides: Array<ResolversTypes['Slide']> }>;
  SearchReport: ResolverTypeWrapper<Omit<SearchReport, 'recallBasis' | 'strategy'> & { recallBasis: ResolversTypes['RecallBasis'], strategy: ResolversTypes['SearchStrategy'] }>;
  SearchStrategy: ResolverTypeWrapper<'EXACT' | 'PARTITION_INDEX' | 'PARTIAL_INDEX' | 'ITERATIVE_INDEX' | 'CLUSTERED'>;
  SetSlideResolutionInput: SetSlideResolutionInput;
  SimilarPatch: ResolverTypeWrapper<SimilarPatchMapper>;
  SimilarPatches: ResolverTypeWrapper<Omit<SimilarPatches, 'hits' | 'search'> & { hits: Array<ResolversTypes['SimilarPatch']>, search: ResolversTypes['SearchReport'] }>;
  SimilarPatchesInput: SimilarPatchesInput;
  SimilarTo: SimilarTo;
  Slide: ResolverTypeWrapper<SlideMapper>;
  SlideBy: SlideBy;
  SlideConnection: ResolverTypeWrapper<SlideConnectionMapper>;
  SlideEdge: ResolverTypeWrapper<Omit<SlideEdge, 'node'> & { node: ResolversTypes['Slide'] }>;
  SlideFeatures: ResolverTypeWrapper<SlideFeaturesMapper>;
  SlideFilter: SlideFilter;
  SlideImage: ResolverTypeWrapper<SlideImageMapper>;
  SlidePatientInput: SlidePatientInput;
  SlidePayload: ResolverTypeWrapper<Omit<SlidePayload, 'errors' | 'slide'> & { errors: Array<ResolversTypes['UserError']>, slide?: Maybe<ResolversTypes['Slide']> }>;
  Stain: ResolverTypeWrapper<'HE' | 'IHC' | 'FLUORESCENCE' | 'OTHER' | 'UNKNOWN'>;
  StainNormalization: ResolverTypeWrapper<'NONE'>;
  Study: ResolverTypeWrapper<StudyMapper>;
  StudyConnection: ResolverTypeWrapper<StudyConnectionMapper>;
  StudyEdge: ResolverTypeWrapper<Omit<StudyEdge, 'node'> & { node: ResolversTypes['Study'] }>;
  StudyKey: StudyKey;
  StudyPayload: ResolverTypeWrapper<Omit<StudyPayload, 'errors' | 'study'> & { errors: Array<ResolversTypes['UserError']>, study?: Maybe<ResolversTypes['Study']> }>;
  TileSlidesInput: TileSlidesInput;
  TissueMethod: ResolverTypeWrapper<'OTSU' | 'FIXED' | 'DARKFIELD' | 'NONE'>;
  Trust: ResolverTypeWrapper<'VERIFIED' | 'DECLARED'>;
  UserError: ResolverTypeWrapper<Omit<UserError, 'code'> & { code: ResolversTypes['ErrorCode'] }>;
  Vector: ResolverTypeWrapper<Scalars['Vector']['output']>;
  Viewer: ResolverTypeWrapper<Viewer>;
};

/** Mapping between all available schema types and the resolvers parents */
export type ResolversParentTypes = {
  CreateStudyInput: CreateStudyInput;
  String: Scalars['String']['output'];
  DateTime: Scalars['DateTime']['output'];
  Derived: ResolversInterfaceTypes<ResolversParentTypes>['Derived'];
  EmbedSlidesInput: EmbedSlidesInput;
  EmbedSlidesPayload: Omit<EmbedSlidesPayload, 'errors' | 'featureSet' | 'job'> & { errors: Array<ResolversParentTypes['UserError']>, featureSet?: Maybe<ResolversParentTypes['FeatureSet']>, job?: Maybe<ResolversParentTypes['Job']> };
  Encoder: EncoderMapper;
  Int: Scalars['Int']['output'];
  ID: Scalars['ID']['output'];
  Float: Scalars['Float']['output'];
  EncoderModel: EncoderModelMapper;
  EncoderPayload: Omit<EncoderPayload, 'encoder' | 'errors'> & { encoder?: Maybe<ResolversParentTypes['Encoder']>, errors: Array<ResolversParentTypes['UserError']> };
  FeatureSet: FeatureSetMapper;
  GridInput: GridInput;
  ImageInput: ImageInput;
  JSON: Scalars['JSON']['output'];
  Job: JobMapper;
  JobConnection: JobConnectionMapper;
  JobEdge: Omit<JobEdge, 'node'> & { node: ResolversParentTypes['Job'] };
  JobFailure: JobFailureMapper;
  JobFailureConnection: JobFailureConnectionMapper;
  JobFailureEdge: Omit<JobFailureEdge, 'node'> & { node: ResolversParentTypes['JobFailure'] };
  JobPayload: Omit<JobPayload, 'errors' | 'job'> & { errors: Array<ResolversParentTypes['UserError']>, job?: Maybe<ResolversParentTypes['Job']> };
  Lineage: Lineage;
  Boolean: Scalars['Boolean']['output'];
  Mutation: Record<PropertyKey, never>;
  Node: ResolversInterfaceTypes<ResolversParentTypes>['Node'];
  Order: Order;
  PageInfo: PageInfo;
  Patch: PatchMapper;
  PatchFilter: PatchFilter;
  PatchGrid: PatchGridMapper;
  Patient: PatientMapper;
  PatientBy: PatientBy;
  PatientConnection: PatientConnectionMapper;
  PatientEdge: Omit<PatientEdge, 'node'> & { node: ResolversParentTypes['Patient'] };
  PatientFilter: PatientFilter;
  PreprocessingInput: PreprocessingInput;
  Progress: Progress;
  Query: Record<PropertyKey, never>;
  RegisterEncoderInput: RegisterEncoderInput;
  RegisterSlidesInput: RegisterSlidesInput;
  RegisterSlidesPayload: Omit<RegisterSlidesPayload, 'errors' | 'slides'> & { errors: Array<ResolversParentTypes['UserError']>, slides: Array<ResolversParentTypes['Slide']> };
  SearchReport: SearchReport;
  SetSlideResolutionInput: SetSlideResolutionInput;
  SimilarPatch: SimilarPatchMapper;
  SimilarPatches: Omit<SimilarPatches, 'hits' | 'search'> & { hits: Array<ResolversParentTypes['SimilarPatch']>, search: ResolversParentTypes['SearchReport'] };
  SimilarPatchesInput: SimilarPatchesInput;
  SimilarTo: SimilarTo;
  Slide: SlideMapper;
  SlideBy: SlideBy;
  SlideConnection: SlideConnectionMapper;
  SlideEdge: Omit<SlideEdge, 'node'> & { node: ResolversParentTypes['Slide'] };
  SlideFeatures: SlideFeaturesMapper;
  SlideFilter: SlideFilter;
  SlideImage: SlideImageMapper;
  SlidePatientInput: SlidePatientInput;
  SlidePayload: Omit<SlidePayload, 'errors' | 'slide'> & { errors: Array<ResolversParentTypes['UserError']>, slide?: Maybe<ResolversParentTypes['Slide']> };
  Study: StudyMapper;
  StudyConnection: StudyConnectionMapper;
  StudyEdge: Omit<StudyEdge, 'node'> & { node: ResolversParentTypes['Study'] };
  StudyKey: StudyKey;
  StudyPayload: Omit<StudyPayload, 'errors' | 'study'> & { errors: Array<ResolversParentTypes['UserError']>, study?: Maybe<ResolversParentTypes['Study']> };
  TileSlidesInput: TileSlidesInput;
  UserError: UserError;
  Vector: Scalars['Vector']['output'];
  Viewer: Viewer;
};

export interface DateTimeScalarConfig extends GraphQLScalarTypeConfig<ResolversTypes['DateTime'], any> {
  name: 'DateTime';
}

export type DerivedResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['Derived'] = ResolversParentTypes['Derived']> = {
  __resolveType?: TypeResolveFn<'FeatureSet' | 'PatchGrid', ParentType, ContextType>;
};

export type DirectionResolvers = EnumResolverSignature<{ ASC?: any, DESC?: any }, ResolversTypes['Direction']>;

export type EmbedSlidesPayloadResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['EmbedSlidesPayload'] = ResolversParentTypes['EmbedSlidesPayload']> = {
  errors?: Resolver<Array<ResolversTypes['UserError']>, ParentType, ContextType>;
  featureSet?: Resolver<Maybe<ResolversTypes['FeatureSet']>, ParentType, ContextType>;
  job?: Resolver<Maybe<ResolversTypes['Job']>, ParentType, ContextType>;
};

export type EncoderResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['Encoder'] = ResolversParentTypes['Encoder']> = {
  citation?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  digest?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  dims?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  inputPixels?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  key?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  licence?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  micronsPerPixel?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
  model?: Resolver<Maybe<ResolversTypes['EncoderModel']>, ParentType, ContextType>;
  name?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type EncoderModelResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['EncoderModel'] = ResolversParentTypes['EncoderModel']> = {
  bytes?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  output?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  pooling?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  provider?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
};

export type EncoderPayloadResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['EncoderPayload'] = ResolversParentTypes['EncoderPayload']> = {
  encoder?: Resolver<Maybe<ResolversTypes['Encoder']>, ParentType, ContextType>;
  errors?: Resolver<Array<ResolversTypes['UserError']>, ParentType, ContextType>;
};

export type ErrorCodeResolvers = EnumResolverSignature<{ ALL_CENSORED?: any, BAD_ARGUMENT?: any, CLASS_TOO_SMALL?: any, COLUMN_UNKNOWN?: any, CONFLICT?: any, DIMENSION_MISMATCH?: any, DUPLICATE_KEY?: any, ENCODER_HAS_NO_MODEL?: any, FILE_NOT_FOUND?: any, FORBIDDEN?: any, FORMAT_UNSUPPORTED?: any, INTERNAL?: any, LEAKAGE?: any, LIMIT_EXCEEDED?: any, MIXED_STAINS?: any, MODEL_INCOMPATIBLE?: any, NOT_AN_IMAGE?: any, NOT_BRIGHTFIELD?: any, NOT_FINITE?: any, NOT_FOUND?: any, NO_TISSUE?: any, RESOLUTION_UNKNOWN?: any, SLIDE_CORRUPT?: any, SLIDE_HAS_NO_IMAGE?: any, STORE_TOO_SMALL?: any, TOO_FEW_PATIENTS?: any, TYPE_MISMATCH?: any, VALUE_UNPARSABLE?: any }, ResolversTypes['ErrorCode']>;

export type FeatureLevelResolvers = EnumResolverSignature<{ PATCH?: any, PATIENT?: any, SLIDE?: any }, ResolversTypes['FeatureLevel']>;

export type FeatureSetResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['FeatureSet'] = ResolversParentTypes['FeatureSet']> = {
  dims?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  encoder?: Resolver<ResolversTypes['Encoder'], ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  key?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  level?: Resolver<ResolversTypes['FeatureLevel'], ParentType, ContextType>;
  lineage?: Resolver<ResolversTypes['Lineage'], ParentType, ContextType>;
  micronsPerPixel?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  overlap?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  patchSize?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  preprocessing?: Resolver<ResolversTypes['JSON'], ParentType, ContextType>;
  slides?: Resolver<ResolversTypes['SlideConnection'], ParentType, ContextType, RequireFields<FeatureSetslidesArgs, 'first'>>;
  study?: Resolver<ResolversTypes['Study'], ParentType, ContextType>;
  vectors?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export interface JSONScalarConfig extends GraphQLScalarTypeConfig<ResolversTypes['JSON'], any> {
  name: 'JSON';
}

export type JobResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['Job'] = ResolversParentTypes['Job']> = {
  attempts?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  children?: Resolver<ResolversTypes['JobConnection'], ParentType, ContextType, RequireFields<JobchildrenArgs, 'first'>>;
  createdAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  failures?: Resolver<ResolversTypes['JobFailureConnection'], ParentType, ContextType, RequireFields<JobfailuresArgs, 'first'>>;
  finishedAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  kind?: Resolver<ResolversTypes['JobKind'], ParentType, ContextType>;
  progress?: Resolver<ResolversTypes['Progress'], ParentType, ContextType>;
  result?: Resolver<Maybe<ResolversTypes['Node']>, ParentType, ContextType>;
  startedAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  state?: Resolver<ResolversTypes['JobState'], ParentType, ContextType>;
  study?: Resolver<Maybe<ResolversTypes['Study']>, ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type JobConnectionResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['JobConnection'] = ResolversParentTypes['JobConnection']> = {
  edges?: Resolver<Array<ResolversTypes['JobEdge']>, ParentType, ContextType>;
  nodes?: Resolver<Array<ResolversTypes['Job']>, ParentType, ContextType>;
  pageInfo?: Resolver<ResolversTypes['PageInfo'], ParentType, ContextType>;
  totalCount?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
};

export type JobEdgeResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['JobEdge'] = ResolversParentTypes['JobEdge']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  node?: Resolver<ResolversTypes['Job'], ParentType, ContextType>;
};

export type JobFailureResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['JobFailure'] = ResolversParentTypes['JobFailure']> = {
  code?: Resolver<ResolversTypes['ErrorCode'], ParentType, ContextType>;
  fix?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  patient?: Resolver<Maybe<ResolversTypes['Patient']>, ParentType, ContextType>;
  slide?: Resolver<Maybe<ResolversTypes['Slide']>, ParentType, ContextType>;
};

export type JobFailureConnectionResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['JobFailureConnection'] = ResolversParentTypes['JobFailureConnection']> = {
  edges?: Resolver<Array<ResolversTypes['JobFailureEdge']>, ParentType, ContextType>;
  nodes?: Resolver<Array<ResolversTypes['JobFailure']>, ParentType, ContextType>;
  pageInfo?: Resolver<ResolversTypes['PageInfo'], ParentType, ContextType>;
  totalCount?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
};

export type JobFailureEdgeResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['JobFailureEdge'] = ResolversParentTypes['JobFailureEdge']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  node?: Resolver<ResolversTypes['JobFailure'], ParentType, ContextType>;
};

export type JobKindResolvers = EnumResolverSignature<{ CODEBOOK?: any, EMBED?: any, EXPORT?: any, IMPORT?: any, INDEX?: any, INGEST?: any, SCORE?: any, TILE?: any, TRAIN?: any }, ResolversTypes['JobKind']>;

export type JobPayloadResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['JobPayload'] = ResolversParentTypes['JobPayload']> = {
  errors?: Resolver<Array<ResolversTypes['UserError']>, ParentType, ContextType>;
  job?: Resolver<Maybe<ResolversTypes['Job']>, ParentType, ContextType>;
};

export type JobStateResolvers = EnumResolverSignature<{ CANCELLED?: any, FAILED?: any, PARTLY_FAILED?: any, QUEUED?: any, RUNNING?: any, SUCCEEDED?: any }, ResolversTypes['JobState']>;

export type LineageResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['Lineage'] = ResolversParentTypes['Lineage']> = {
  createdAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  digest?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  isStale?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  parameters?: Resolver<ResolversTypes['JSON'], ParentType, ContextType>;
  software?: Resolver<ResolversTypes['JSON'], ParentType, ContextType>;
  staleReason?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  trust?: Resolver<ResolversTypes['Trust'], ParentType, ContextType>;
};

export type MutationResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['Mutation'] = ResolversParentTypes['Mutation']> = {
  cancelJob?: Resolver<ResolversTypes['JobPayload'], ParentType, ContextType, RequireFields<MutationcancelJobArgs, 'id'>>;
  createStudy?: Resolver<ResolversTypes['StudyPayload'], ParentType, ContextType, RequireFields<MutationcreateStudyArgs, 'input'>>;
  embedSlides?: Resolver<ResolversTypes['EmbedSlidesPayload'], ParentType, ContextType, RequireFields<MutationembedSlidesArgs, 'input'>>;
  registerEncoder?: Resolver<ResolversTypes['EncoderPayload'], ParentType, ContextType, RequireFields<MutationregisterEncoderArgs, 'input'>>;
  registerSlides?: Resolver<ResolversTypes['RegisterSlidesPayload'], ParentType, ContextType, RequireFields<MutationregisterSlidesArgs, 'input'>>;
  retryJob?: Resolver<ResolversTypes['JobPayload'], ParentType, ContextType, RequireFields<MutationretryJobArgs, 'id'>>;
  setSlideResolution?: Resolver<ResolversTypes['SlidePayload'], ParentType, ContextType, RequireFields<MutationsetSlideResolutionArgs, 'input'>>;
  tileSlides?: Resolver<ResolversTypes['JobPayload'], ParentType, ContextType, RequireFields<MutationtileSlidesArgs, 'input'>>;
};

export type NodeResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['Node'] = ResolversParentTypes['Node']> = {
  __resolveType?: TypeResolveFn<'Encoder' | 'FeatureSet' | 'Job' | 'Patch' | 'PatchGrid' | 'Patient' | 'Slide' | 'Study', ParentType, ContextType>;
};

export type PageInfoResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['PageInfo'] = ResolversParentTypes['PageInfo']> = {
  endCursor?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  hasNextPage?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  hasPreviousPage?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  startCursor?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
};

export type PatchResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['Patch'] = ResolversParentTypes['Patch']> = {
  grid?: Resolver<ResolversTypes['PatchGrid'], ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  imageUrl?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType, RequireFields<PatchimageUrlArgs, 'contextMicrons' | 'maxPixels'>>;
  measurements?: Resolver<ResolversTypes['JSON'], ParentType, ContextType>;
  size?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  slide?: Resolver<ResolversTypes['Slide'], ParentType, ContextType>;
  tissueShare?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  vector?: Resolver<Maybe<ResolversTypes['Vector']>, ParentType, ContextType, RequireFields<PatchvectorArgs, 'featureSet'>>;
  x?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  y?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type PatchGridResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['PatchGrid'] = ResolversParentTypes['PatchGrid']> = {
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  lineage?: Resolver<ResolversTypes['Lineage'], ParentType, ContextType>;
  maskUrl?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  micronsPerPixel?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  overlap?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  patchSize?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  patches?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  slide?: Resolver<ResolversTypes['Slide'], ParentType, ContextType>;
  tissueShare?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type PatientResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['Patient'] = ResolversParentTypes['Patient']> = {
  clinical?: Resolver<ResolversTypes['JSON'], ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  key?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  slides?: Resolver<ResolversTypes['SlideConnection'], ParentType, ContextType, RequireFields<PatientslidesArgs, 'first'>>;
  study?: Resolver<ResolversTypes['Study'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type PatientConnectionResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['PatientConnection'] = ResolversParentTypes['PatientConnection']> = {
  edges?: Resolver<Array<ResolversTypes['PatientEdge']>, ParentType, ContextType>;
  nodes?: Resolver<Array<ResolversTypes['Patient']>, ParentType, ContextType>;
  pageInfo?: Resolver<ResolversTypes['PageInfo'], ParentType, ContextType>;
  totalCount?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
};

export type PatientEdgeResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['PatientEdge'] = ResolversParentTypes['PatientEdge']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  node?: Resolver<ResolversTypes['Patient'], ParentType, ContextType>;
};

export type ProgressResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['Progress'] = ResolversParentTypes['Progress']> = {
  done?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  message?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  perSecond?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
  secondsLeft?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
  total?: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
  unit?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
};

export type QueryResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['Query'] = ResolversParentTypes['Query']> = {
  encoder?: Resolver<Maybe<ResolversTypes['Encoder']>, ParentType, ContextType, RequireFields<QueryencoderArgs, 'key'>>;
  encoders?: Resolver<Array<ResolversTypes['Encoder']>, ParentType, ContextType>;
  featureSet?: Resolver<Maybe<ResolversTypes['FeatureSet']>, ParentType, ContextType, RequireFields<QueryfeatureSetArgs, 'key' | 'studyKey'>>;
  job?: Resolver<Maybe<ResolversTypes['Job']>, ParentType, ContextType, RequireFields<QueryjobArgs, 'id'>>;
  jobs?: Resolver<ResolversTypes['JobConnection'], ParentType, ContextType, RequireFields<QueryjobsArgs, 'first'>>;
  node?: Resolver<Maybe<ResolversTypes['Node']>, ParentType, ContextType, RequireFields<QuerynodeArgs, 'id'>>;
  nodes?: Resolver<Array<Maybe<ResolversTypes['Node']>>, ParentType, ContextType, RequireFields<QuerynodesArgs, 'ids'>>;
  patient?: Resolver<Maybe<ResolversTypes['Patient']>, ParentType, ContextType, RequireFields<QuerypatientArgs, 'by'>>;
  patients?: Resolver<ResolversTypes['PatientConnection'], ParentType, ContextType, RequireFields<QuerypatientsArgs, 'filter' | 'first'>>;
  similarPatches?: Resolver<ResolversTypes['SimilarPatches'], ParentType, ContextType, RequireFields<QuerysimilarPatchesArgs, 'input'>>;
  slide?: Resolver<Maybe<ResolversTypes['Slide']>, ParentType, ContextType, RequireFields<QueryslideArgs, 'by'>>;
  slides?: Resolver<ResolversTypes['SlideConnection'], ParentType, ContextType, RequireFields<QueryslidesArgs, 'filter' | 'first'>>;
  studies?: Resolver<ResolversTypes['StudyConnection'], ParentType, ContextType, RequireFields<QuerystudiesArgs, 'first'>>;
  study?: Resolver<Maybe<ResolversTypes['Study']>, ParentType, ContextType, RequireFields<QuerystudyArgs, 'key'>>;
  viewer?: Resolver<ResolversTypes['Viewer'], ParentType, ContextType>;
};

export type RecallBasisResolvers = EnumResolverSignature<{ CALIBRATED?: any, EXACT?: any }, ResolversTypes['RecallBasis']>;

export type RegisterSlidesPayloadResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['RegisterSlidesPayload'] = ResolversParentTypes['RegisterSlidesPayload']> = {
  errors?: Resolver<Array<ResolversTypes['UserError']>, ParentType, ContextType>;
  slides?: Resolver<Array<ResolversTypes['Slide']>, ParentType, ContextType>;
  unchanged?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
};

export type SearchReportResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['SearchReport'] = ResolversParentTypes['SearchReport']> = {
  isComplete?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  matches?: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
  matchesIsExact?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  reason?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  recallBasis?: Resolver<ResolversTypes['RecallBasis'], ParentType, ContextType>;
  recallEstimate?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
  scanned?: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
  strategy?: Resolver<ResolversTypes['SearchStrategy'], ParentType, ContextType>;
  tookMs?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
};

export type SearchStrategyResolvers = EnumResolverSignature<{ CLUSTERED?: any, EXACT?: any, ITERATIVE_INDEX?: any, PARTIAL_INDEX?: any, PARTITION_INDEX?: any }, ResolversTypes['SearchStrategy']>;

export type SimilarPatchResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['SimilarPatch'] = ResolversParentTypes['SimilarPatch']> = {
  distance?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  patch?: Resolver<ResolversTypes['Patch'], ParentType, ContextType>;
  similarity?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
};

export type SimilarPatchesResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['SimilarPatches'] = ResolversParentTypes['SimilarPatches']> = {
  hits?: Resolver<Array<ResolversTypes['SimilarPatch']>, ParentType, ContextType>;
  search?: Resolver<ResolversTypes['SearchReport'], ParentType, ContextType>;
};

export type SlideResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['Slide'] = ResolversParentTypes['Slide']> = {
  clinical?: Resolver<ResolversTypes['JSON'], ParentType, ContextType>;
  featureSets?: Resolver<Array<ResolversTypes['SlideFeatures']>, ParentType, ContextType>;
  grids?: Resolver<Array<ResolversTypes['PatchGrid']>, ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  image?: Resolver<Maybe<ResolversTypes['SlideImage']>, ParentType, ContextType>;
  key?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  patient?: Resolver<ResolversTypes['Patient'], ParentType, ContextType>;
  specimen?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  stain?: Resolver<ResolversTypes['Stain'], ParentType, ContextType>;
  study?: Resolver<ResolversTypes['Study'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type SlideConnectionResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['SlideConnection'] = ResolversParentTypes['SlideConnection']> = {
  edges?: Resolver<Array<ResolversTypes['SlideEdge']>, ParentType, ContextType>;
  nodes?: Resolver<Array<ResolversTypes['Slide']>, ParentType, ContextType>;
  pageInfo?: Resolver<ResolversTypes['PageInfo'], ParentType, ContextType>;
  totalCount?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
};

export type SlideEdgeResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['SlideEdge'] = ResolversParentTypes['SlideEdge']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  node?: Resolver<ResolversTypes['Slide'], ParentType, ContextType>;
};

export type SlideFeaturesResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['SlideFeatures'] = ResolversParentTypes['SlideFeatures']> = {
  completedAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  featureSet?: Resolver<ResolversTypes['FeatureSet'], ParentType, ContextType>;
  isComplete?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  vectors?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
};

export type SlideImageResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['SlideImage'] = ResolversParentTypes['SlideImage']> = {
  checksum?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  heightPixels?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  levels?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  micronsPerPixelX?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
  micronsPerPixelY?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
  properties?: Resolver<ResolversTypes['JSON'], ParentType, ContextType>;
  resolutionSource?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  thumbnailUrl?: Resolver<ResolversTypes['String'], ParentType, ContextType, RequireFields<SlideImagethumbnailUrlArgs, 'maxPixels'>>;
  tilesUrl?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  vendor?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  widthPixels?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
};

export type SlidePayloadResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['SlidePayload'] = ResolversParentTypes['SlidePayload']> = {
  errors?: Resolver<Array<ResolversTypes['UserError']>, ParentType, ContextType>;
  slide?: Resolver<Maybe<ResolversTypes['Slide']>, ParentType, ContextType>;
};

export type StainResolvers = EnumResolverSignature<{ FLUORESCENCE?: any, HE?: any, IHC?: any, OTHER?: any, UNKNOWN?: any }, ResolversTypes['Stain']>;

export type StainNormalizationResolvers = EnumResolverSignature<{ NONE?: any }, ResolversTypes['StainNormalization']>;

export type StudyResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['Study'] = ResolversParentTypes['Study']> = {
  description?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  featureSets?: Resolver<Array<ResolversTypes['FeatureSet']>, ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  key?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  name?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  patients?: Resolver<ResolversTypes['PatientConnection'], ParentType, ContextType, RequireFields<StudypatientsArgs, 'first'>>;
  slides?: Resolver<ResolversTypes['SlideConnection'], ParentType, ContextType, RequireFields<StudyslidesArgs, 'first'>>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type StudyConnectionResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['StudyConnection'] = ResolversParentTypes['StudyConnection']> = {
  edges?: Resolver<Array<ResolversTypes['StudyEdge']>, ParentType, ContextType>;
  nodes?: Resolver<Array<ResolversTypes['Study']>, ParentType, ContextType>;
  pageInfo?: Resolver<ResolversTypes['PageInfo'], ParentType, ContextType>;
  totalCount?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
};

export type StudyEdgeResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['StudyEdge'] = ResolversParentTypes['StudyEdge']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  node?: Resolver<ResolversTypes['Study'], ParentType, ContextType>;
};

export type StudyPayloadResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['StudyPayload'] = ResolversParentTypes['StudyPayload']> = {
  errors?: Resolver<Array<ResolversTypes['UserError']>, ParentType, ContextType>;
  study?: Resolver<Maybe<ResolversTypes['Study']>, ParentType, ContextType>;
};

export type TissueMethodResolvers = EnumResolverSignature<{ DARKFIELD?: any, FIXED?: any, NONE?: any, OTSU?: any }, ResolversTypes['TissueMethod']>;

export type TrustResolvers = EnumResolverSignature<{ DECLARED?: any, VERIFIED?: any }, ResolversTypes['Trust']>;

export type UserErrorResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['UserError'] = ResolversParentTypes['UserError']> = {
  code?: Resolver<ResolversTypes['ErrorCode'], ParentType, ContextType>;
  fix?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  path?: Resolver<Maybe<Array<ResolversTypes['String']>>, ParentType, ContextType>;
};

export interface VectorScalarConfig extends GraphQLScalarTypeConfig<ResolversTypes['Vector'], any> {
  name: 'Vector';
}

export type ViewerResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['Viewer'] = ResolversParentTypes['Viewer']> = {
  limits?: Resolver<ResolversTypes['JSON'], ParentType, ContextType>;
  name?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  roles?: Resolver<Array<ResolversTypes['JSON']>, ParentType, ContextType>;
};

export type Resolvers<ContextType = GraphQLContext> = {
  DateTime?: GraphQLScalarType;
  Derived?: DerivedResolvers<ContextType>;
  Direction?: DirectionResolvers;
  EmbedSlidesPayload?: EmbedSlidesPayloadResolvers<ContextType>;
  Encoder?: EncoderResolvers<ContextType>;
  EncoderModel?: EncoderModelResolvers<ContextType>;
  EncoderPayload?: EncoderPayloadResolvers<ContextType>;
  ErrorCode?: ErrorCodeResolvers;
  FeatureLevel?: FeatureLevelResolvers;
  FeatureSet?: FeatureSetResolvers<ContextType>;
  JSON?: GraphQLScalarType;
  Job?: JobResolvers<ContextType>;
  JobConnection?: JobConnectionResolvers<ContextType>;
  JobEdge?: JobEdgeResolvers<ContextType>;
  JobFailure?: JobFailureResolvers<ContextType>;
  JobFailureConnection?: JobFailureConnectionResolvers<ContextType>;
  JobFailureEdge?: JobFailureEdgeResolvers<ContextType>;
  JobKind?: JobKindResolvers;
  JobPayload?: JobPayloadResolvers<ContextType>;
  JobState?: JobStateResolvers;
  Lineage?: LineageResolvers<ContextType>;
  Mutation?: MutationResolvers<ContextType>;
  Node?: NodeResolvers<ContextType>;
  PageInfo?: PageInfoResolvers<ContextType>;
  Patch?: PatchResolvers<ContextType>;
  PatchGrid?: PatchGridResolvers<ContextType>;
  Patient?: PatientResolvers<ContextType>;
  PatientConnection?: PatientConnectionResolvers<ContextType>;
  PatientEdge?: PatientEdgeResolvers<ContextType>;
  Progress?: ProgressResolvers<ContextType>;
  Query?: QueryResolvers<ContextType>;
  RecallBasis?: RecallBasisResolvers;
  RegisterSlidesPayload?: RegisterSlidesPayloadResolvers<ContextType>;
  SearchReport?: SearchReportResolvers<ContextType>;
  SearchStrategy?: SearchStrategyResolvers;
  SimilarPatch?: SimilarPatchResolvers<ContextType>;
  SimilarPatches?: SimilarPatchesResolvers<ContextType>;
  Slide?: SlideResolvers<ContextType>;
  SlideConnection?: SlideConnectionResolvers<ContextType>;
  SlideEdge?: SlideEdgeResolvers<ContextType>;
  SlideFeatures?: SlideFeaturesResolvers<ContextType>;
  SlideImage?: SlideImageResolvers<ContextType>;
  SlidePayload?: SlidePayloadResolvers<ContextType>;
  Stain?: StainResolvers;
  StainNormalization?: StainNormalizationResolvers;
  Study?: StudyResolvers<ContextType>;
  StudyConnection?: StudyConnectionResolvers<ContextType>;
  StudyEdge?: StudyEdgeResolvers<ContextType>;
  StudyPayload?: StudyPayloadResolvers<ContextType>;
  TissueMethod?: TissueMethodResolvers;
  Trust?: TrustResolvers;
  UserError?: UserErrorResolvers<ContextType>;
  Vector?: GraphQLScalarType;
  Viewer?: ViewerResolvers<ContextType>;
};

