import type { GraphQLResolveInfo, GraphQLScalarType, GraphQLScalarTypeConfig } from 'graphql';
import type { AttributeMapper, StudyMapper, StudyConnectionMapper, SurvivalEndpointMapper } from './study/schema.mappers.ts';
import type { CodebookMapper, PhenotypeMapper, PhenotypeShareMapper, PhenotypeShareConnectionMapper, SimilarPhenotypeMapper } from './phenotype/schema.mappers.ts';
import type { CohortMapper, CohortComparisonMapper } from './cohort/schema.mappers.ts';
import type { EncoderMapper, EncoderModelMapper } from './encoder/schema.mappers.ts';
import type { FeatureSetMapper, SlideFeaturesMapper } from './featureSet/schema.mappers.ts';
import type { JobMapper, JobConnectionMapper, JobFailureMapper, JobFailureConnectionMapper, WorkerMapper } from './job/schema.mappers.ts';
import type { MilFoldMapper, MilModelMapper, MilScoreMapper, MilScoreConnectionMapper } from './mil/schema.mappers.ts';
import type { PatchMapper, PatchGridMapper } from './patch/schema.mappers.ts';
import type { PatientMapper, PatientConnectionMapper } from './patient/schema.mappers.ts';
import type { SearchIndexMapper, SimilarPatchMapper, SimilarPatientMapper, SimilarSlideMapper } from './similarity/schema.mappers.ts';
import type { SlideMapper, SlideConnectionMapper, SlideImageMapper } from './slide/schema.mappers.ts';
import type { SurvivalAnalysisMapper } from './survival/schema.mappers.ts';
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

/** A patch and its weight. */
export type AttendedPatch = {
  __typename?: 'AttendedPatch';
  /** Its share of the bag's attention; the shares of a bag add up to 1 (of an imported head: what its output says). */
  attention: Scalars['Float']['output'];
  /** The patch. */
  patch: Patch;
};

/** A phenotype and its weight. */
export type AttendedPhenotype = {
  __typename?: 'AttendedPhenotype';
  /** Its share of the bag's attention. */
  attention: Scalars['Float']['output'];
  /** Its number in the codebook. */
  index: Scalars['Int']['output'];
  /** The phenotype; null when the codebook was deleted since. */
  phenotype?: Maybe<Phenotype>;
};

/** One clinical attribute of a study's dictionary: what a column of the clinical table became. */
export type Attribute = {
  __typename?: 'Attribute';
  /** The values that occur, in alphabetical order; null unless it is a category. */
  categories?: Maybe<Array<Scalars['String']['output']>>;
  /** Names the attribute in predicates, orderings and facets; unique in its study. */
  key: Scalars['String']['output'];
  /** A name for people. */
  label?: Maybe<Scalars['String']['output']>;
  /** Whether patients or slides carry it. */
  level: AttributeLevel;
  /** Patients (or slides) without a value. */
  missing: Scalars['Int']['output'];
  /** What its values are. */
  type: AttributeType;
  /** Unit of a number, such as `years`. */
  unit?: Maybe<Scalars['String']['output']>;
};

/** Groups by an attribute: a category or boolean as it is, a number by either quantiles or cuts. */
export type AttributeGrouping = {
  /** Ends of ranges, ascending, at most 20: groups up to and including each, and above the last. */
  cuts?: InputMaybe<Array<Scalars['Float']['input']>>;
  /** Key of the attribute. */
  key: Scalars['String']['input'];
  /** So many groups of equal size, 2 to 10. */
  quantiles?: InputMaybe<Scalars['Int']['input']>;
};

/** How to read one column of a clinical table. */
export type AttributeInput = {
  /** Name of the column. */
  column: Scalars['String']['input'];
  /** Key of the attribute; the column's name when left out. */
  key?: InputMaybe<Scalars['String']['input']>;
  /** A name for people. */
  label?: InputMaybe<Scalars['String']['input']>;
  /** What its values are; found out when left out. */
  type?: InputMaybe<AttributeType>;
  /** Unit of a number. */
  unit?: InputMaybe<Scalars['String']['input']>;
};

/** What an attribute is a property of. */
export type AttributeLevel =
  /** The patient: age, sex, mutations. */
  | 'PATIENT'
  /** One slide: block, fixation, scanner. */
  | 'SLIDE';

/** What the values of an attribute are. */
export type AttributeType =
  /** True or false. */
  | 'BOOLEAN'
  /** One of a few words. Labels such as the invasion pattern are categories. */
  | 'CATEGORY'
  /** Numbers, in `unit`. */
  | 'NUMBER'
  /** Anything else. */
  | 'TEXT';

/** What a simpler model reaches on the same folds. */
export type Baseline = {
  __typename?: 'Baseline';
  /** Its metrics, as the model's. */
  metrics: Array<Metric>;
  /** Which model. */
  name: Scalars['String']['output'];
};

/** A codebook to build. */
export type BuildCodebookInput = {
  /** Cluster slides of several stains together, which mostly finds the stains again. */
  allowMixedStains: Scalars['Boolean']['input'];
  /** How many clusters, 2 to 1000. A patient with fewer patches than that gets as many clusters as it has patches. */
  clusters: Scalars['Int']['input'];
  /** Global id of the cohort; for scope COHORT, and only there. */
  cohort?: InputMaybe<Scalars['ID']['input']>;
  /** Global id of the feature set. */
  featureSet: Scalars['ID']['input'];
  /** Cluster so many principal components by Euclidean distance, in place of the vectors by direction. Not with scope PATIENT. */
  pca?: InputMaybe<Scalars['Int']['input']>;
  /**
   * Fit to so many patches, chosen at random; when omitted, to 256 a cluster and at least 32768. All patches are assigned either
   * way.
   */
  sample?: InputMaybe<Scalars['Int']['input']>;
  /** Whose patches to fit to. */
  scope: CodebookScope;
  /** Seed of the random numbers. */
  seed: Scalars['Int']['input'];
  /** Which slides; all of the feature set when omitted. Only slides whose embedding is complete are used. */
  slides?: InputMaybe<SlideFilter>;
  /** With `pca`: scale every component to the same variance. */
  whiten: Scalars['Boolean']['input'];
};

/** What to index. */
export type BuildSearchIndexInput = {
  /** Global id of a frozen cohort: just its patients are indexed, for searches among exactly them. */
  cohort?: InputMaybe<Scalars['ID']['input']>;
  /** Global id of the feature set. */
  featureSet: Scalars['ID']['input'];
};

/** One of several classes. */
export type ClassificationTask = {
  __typename?: 'ClassificationTask';
  /** Key of the attribute. */
  attribute: Scalars['String']['output'];
  /** Its values, ascending; the order of the head's outputs. */
  classes: Array<Scalars['String']['output']>;
};

/**
 * Phenotypes: patches of one feature set grouped by likeness with K-means. A codebook of a study or a cohort gives its clusters
 * an identity across patients; a patient's own codebook does not.
 */
export type Codebook = Derived & Node & {
  __typename?: 'Codebook';
  /** How many clusters were asked for; clusters that stayed empty are not among `phenotypes`. */
  clusters: Scalars['Int']['output'];
  /** The cohort, of a codebook of scope COHORT. */
  cohort?: Maybe<Cohort>;
  /** Share of the variance that each principal component holds, falling; null without `pca`. */
  explainedVariance?: Maybe<Array<Scalars['Float']['output']>>;
  /** The vectors that it groups. */
  featureSet: FeatureSet;
  /** Global id; it derives from feature set, parameters and the patches that it was fitted to. */
  id: Scalars['ID']['output'];
  /**
   * Sum of the squared distances of the patches that it was fitted to from their centroids, in the space that was clustered: that
   * of the vectors at unit length, or with `pca` that of the principal components.
   */
  inertia: Scalars['Float']['output'];
  /** Parameters and sources; stale when patches that it was fitted to or has assigned are no longer what they were. */
  lineage: Lineage;
  /** The patient, of a codebook of scope PATIENT. */
  patient?: Maybe<Patient>;
  /** The clusters that hold patches, by index. */
  phenotypes: Array<Phenotype>;
  /** Whose patches it was fitted to. */
  scope: CodebookScope;
  /** Seed of the random numbers: the same seed, data and provider give the same codebook. */
  seed: Scalars['Int']['output'];
  /** Mean silhouette of a sample, −1 to 1: how much nearer patches are to their own cluster than to the next; null for one phenotype. */
  silhouette?: Maybe<Scalars['Float']['output']>;
};

/** How many clusters to ask for: what K-means gives for several numbers of them, on a sample. */
export type CodebookChoice = {
  __typename?: 'CodebookChoice';
  /** All patches of the slides. */
  patches: Scalars['Int']['output'];
  /** One row for each number of clusters, in the order asked. */
  rows: Array<CodebookChoiceRow>;
  /** How many patches were looked at, of how many there are. */
  sampled: Scalars['Int']['output'];
};

/** Which numbers of clusters to try, and on which patches. */
export type CodebookChoiceInput = {
  /** Numbers of clusters, 2 to 64 each, at most 8. */
  clusters: Array<Scalars['Int']['input']>;
  /** Global id of the feature set. */
  featureSet: Scalars['ID']['input'];
  /** How many patches to look at, 10 to 10000. */
  sample: Scalars['Int']['input'];
  /** Seed of the sample and of the first grouping. */
  seed: Scalars['Int']['input'];
  /** Which slides; all of the feature set when omitted. */
  slides?: InputMaybe<SlideFilter>;
};

/** What K-means gives for one number of clusters. */
export type CodebookChoiceRow = {
  __typename?: 'CodebookChoiceRow';
  /** Number of clusters. */
  clusters: Scalars['Int']['output'];
  /** Mean squared distance of a patch to its centroid; it falls with every cluster: look for the bend. */
  inertiaPerPatch: Scalars['Float']['output'];
  /** Mean silhouette of at most 2000 patches, −1 to 1; higher is better. Null where all fall into one cluster. */
  silhouette?: Maybe<Scalars['Float']['output']>;
  /** Mean adjusted Rand index between the groupings of three seeds; 1 when the seed does not matter. */
  stability: Scalars['Float']['output'];
};

/** Whose patches a codebook is fitted to. */
export type CodebookScope =
  /** The patients of one cohort at once. */
  | 'COHORT'
  /** Each patient apart, a codebook each: clusters of two patients have nothing in common but their index. */
  | 'PATIENT'
  /** All patients of the study at once: clusters mean the same in all of them. */
  | 'STUDY';

/** A named set of patients: live, so that it follows its filter, or frozen as it was when it was saved. */
export type Cohort = Node & {
  __typename?: 'Cohort';
  /** When it was first saved. */
  createdAt: Scalars['DateTime']['output'];
  /** How its patients spread over the values of attributes. */
  facets: Array<Facet>;
  /** The filter that it was saved with. */
  filter?: Maybe<Scalars['JSON']['output']>;
  /** Derives from the study's key and the cohort's own. */
  id: Scalars['ID']['output'];
  /** True when its patients were fixed as it was saved. */
  isFrozen: Scalars['Boolean']['output'];
  /** Names the cohort; unique in its study. */
  key: Scalars['String']['output'];
  /** A name for people. */
  name: Scalars['String']['output'];
  /** Its patients, by key. */
  patients: PatientConnection;
  /** Slides of its patients, by key. */
  slides: SlideConnection;
  /** The study that it belongs to. */
  study: Study;
};


/** A named set of patients: live, so that it follows its filter, or frozen as it was when it was saved. */
export type CohortfacetsArgs = {
  attributes: Array<Scalars['String']['input']>;
};


/** A named set of patients: live, so that it follows its filter, or frozen as it was when it was saved. */
export type CohortpatientsArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
};


/** A named set of patients: live, so that it follows its filter, or frozen as it was when it was saved. */
export type CohortslidesArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
};

/** Two cohorts side by side, as in the first table of a paper. */
export type CohortComparison = {
  __typename?: 'CohortComparison';
  /**
   * How far the cohorts are apart in features: the energy distance of their patients' mean vectors divided by twice the mean
   * distance between the cohorts (Székely & Rizzo 2013). 0 for equal distributions, at most 1; null without a feature set, or
   * where a cohort has no vectors.
   */
  featureDistance?: Maybe<Scalars['Float']['output']>;
  /** Shares of each phenotype, by index; null unless a codebook was given. */
  phenotypes?: Maybe<Array<ComparisonRow>>;
  /**
   * One row an attribute; the first row is the number of patients. With a feature set the last row is named `features`: how many
   * patients have vectors (`n`), how many do not (`missing`), how many `patches`, and the permutation test of `featureDistance`.
   */
  rows: Array<ComparisonRow>;
  /**
   * Patches most typical of cohort a, at most 12, from different patients as long as there are some: those whose mean likeness to
   * a's patients exceeds that to b's by most. `distance` is that to the direction from b's mean to a's. Null without a feature set.
   */
  typicalOfA?: Maybe<Array<SimilarPatch>>;
  /** Patches most typical of cohort b, likewise. */
  typicalOfB?: Maybe<Array<SimilarPatch>>;
};

/** The saved cohort, or why it was not saved. */
export type CohortPayload = {
  __typename?: 'CohortPayload';
  /** The cohort. */
  cohort?: Maybe<Cohort>;
  /** What was wrong with the input. */
  errors: Array<UserError>;
};

/** Which cohorts to compare, and in what. */
export type CompareCohortsInput = {
  /** Global id of one cohort. */
  a: Scalars['ID']['input'];
  /** Keys of attributes of patients; when left out, all of the study but texts. */
  attributes?: InputMaybe<Array<Scalars['String']['input']>>;
  /** Global id of the other, of the same study. The tests are for separate groups: shared patients are `CONFLICT`. */
  b: Scalars['ID']['input'];
  /** Global id of a codebook of scope STUDY or COHORT: compares shares of its phenotypes too. */
  codebook?: InputMaybe<Scalars['ID']['input']>;
  /** Global id of a feature set of the same study: compares the cohorts in its vectors too. */
  featureSet?: InputMaybe<Scalars['ID']['input']>;
};

/** One attribute of two cohorts, with the test that suits it. */
export type ComparisonRow = {
  __typename?: 'ComparisonRow';
  /**
   * Cohort a: `n` with a value and `missing` without, then `counts` by value, or `median`, `lowerQuartile`, `upperQuartile`,
   * `mean` and `standardDeviation` of a number. The first row has `n` alone.
   */
  a: Scalars['JSON']['output'];
  /** Cohort b, likewise. */
  b: Scalars['JSON']['output'];
  /** Key of the attribute; `patients` for the first row, `features` for that of a feature set. */
  name: Scalars['String']['output'];
  /** Two-sided p-value. */
  pValue?: Maybe<Scalars['Float']['output']>;
  /** The p-value after Benjamini and Hochberg's correction over the rows. */
  qValue?: Maybe<Scalars['Float']['output']>;
  /** The test's statistic. */
  statistic?: Maybe<Scalars['Float']['output']>;
  /** The test, by name; `none` where none applies. */
  test: Scalars['String']['output'];
};

/** A Cox regression. */
export type CoxInput = {
  /** Global ids of phenotypes of one codebook, at most 20: a covariate each, its hazard ratio for 10 % more of the patient's patches. All phenotypes of a codebook add up to 1: leave one out. */
  phenotypes?: InputMaybe<Array<Scalars['ID']['input']>>;
  /** Global id of a survival model whose unit is the patient: its out-of-fold or external risk as a covariate. */
  risk?: InputMaybe<Scalars['ID']['input']>;
  /** Keys of attributes: numbers and booleans as they are, categories as one covariate for each value but the first. May be empty beside phenotypes. */
  terms: Array<Scalars['String']['input']>;
  /** How tied event times are treated. */
  ties: CoxTies;
};

/** A Cox proportional hazards regression. */
export type CoxModel = {
  __typename?: 'CoxModel';
  /** Harrell's concordance index of the fitted risk. */
  concordance: Scalars['Float']['output'];
  /** Its standard error. */
  concordanceStandardError: Scalars['Float']['output'];
  /** Those who had the event. */
  events: Scalars['Int']['output'];
  /** Likelihood-ratio test of all covariates. */
  likelihoodRatio: Test;
  /** Log partial likelihood without covariates, and with them. */
  logLikelihood: Array<Scalars['Float']['output']>;
  /** Patients in the regression: those without any missing value. */
  patients: Scalars['Int']['output'];
  /** Tests of proportional hazards by Schoenfeld residuals: one an attribute, then all together as `GLOBAL`. */
  proportionality: Array<Test>;
  /** Score test of all covariates. */
  score: Test;
  /** One row a covariate; a category has one for each value but the first, its reference. */
  terms: Array<CoxTerm>;
  /** Wald test of all covariates. */
  wald: Test;
};

/** One covariate of a Cox regression. */
export type CoxTerm = {
  __typename?: 'CoxTerm';
  /** Log hazard ratio. */
  coefficient: Scalars['Float']['output'];
  /** Hazard ratio: for one unit more, or against the reference. */
  hazardRatio: Scalars['Float']['output'];
  /** Lower confidence limit of the hazard ratio. */
  lower: Scalars['Float']['output'];
  /** The attribute, and for a category its value. */
  name: Scalars['String']['output'];
  /** Two-sided p-value. */
  pValue: Scalars['Float']['output'];
  /** Its standard error. */
  standardError: Scalars['Float']['output'];
  /** Upper confidence limit of the hazard ratio. */
  upper: Scalars['Float']['output'];
  /** Coefficient divided by its standard error. */
  z: Scalars['Float']['output'];
};

/** How a Cox regression treats tied event times. */
export type CoxTies =
  /** Breslow 1974: simpler, worse with many ties. */
  | 'BRESLOW'
  /** Efron 1977: nearly exact. */
  | 'EFRON';

/** A study to open. */
export type CreateStudyInput = {
  /** What the study is about. */
  description?: InputMaybe<Scalars['String']['input']>;
  /** Short name for queries: letters, digits, `-`, `_` and `.`, beginning with a letter or digit. */
  key: Scalars['String']['input'];
  /** Title for people. */
  name: Scalars['String']['input'];
};

/** A file that is to be sent. */
export type CreateUploadInput = {
  /** Its size in bytes; the upload must have just as many. */
  bytes: Scalars['Int']['input'];
  /** Its name, of which only the ending is used. */
  name: Scalars['String']['input'];
  /** SHA-256 in hex; checked when given. */
  sha256?: InputMaybe<Scalars['String']['input']>;
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
  /** The work, by whoever asked for it first; null when every slide is complete, and when there are errors. */
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
  /** Devices that run it on this server, as `cpu`, `cuda:0,cuda:1` or `webgpu/float16`; null before the first run. */
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

/**
 * How a phenotype goes together with one value of an attribute. The unit is the patient: one is rich in the phenotype when its
 * share of the patient's patches lies above the median of all patients that have a value; where more than half have none of it,
 * when there is any. The patients with this value are tested against all others.
 */
export type Enrichment = {
  __typename?: 'Enrichment';
  /** The value; of numbers a range, up to four of about equal size. */
  category: Scalars['String']['output'];
  /** Lower limit of the odds ratio, at 95 %; null where there is none. */
  lower?: Maybe<Scalars['Float']['output']>;
  /** Odds to be rich with this value, divided by the odds with another; null where infinite, and where nothing can differ. */
  oddsRatio?: Maybe<Scalars['Float']['output']>;
  /** Two-sided p-value. */
  pValue: Scalars['Float']['output'];
  /** The p-value after Benjamini and Hochberg's correction over the values. */
  qValue: Scalars['Float']['output'];
  /** Mean share of the phenotype among the patients with this value, 0 to 1. */
  share: Scalars['Float']['output'];
  /** The test: `Fisher exact` with conditional odds ratio and exact limits; over 10,000 patients `chi-square` with Woolf's limits. */
  test: Scalars['String']['output'];
  /** Upper limit of the odds ratio, at 95 %; null where there is none. */
  upper?: Maybe<Scalars['Float']['output']>;
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

/** An estimate with its confidence limits; null where it cannot be estimated. */
export type Estimate = {
  __typename?: 'Estimate';
  /** The estimate. */
  estimate?: Maybe<Scalars['Float']['output']>;
  /** Lower confidence limit. */
  lower?: Maybe<Scalars['Float']['output']>;
  /** Upper confidence limit. */
  upper?: Maybe<Scalars['Float']['output']>;
};

/** Patients that were left out for one reason. */
export type Excluded = {
  __typename?: 'Excluded';
  /** How many patients. */
  patients: Scalars['Int']['output'];
  /** The reason. */
  reason: Scalars['String']['output'];
};

/** Vectors to take out. */
export type ExportFeaturesInput = {
  /** Global id of a codebook of the feature set: adds the column `phenotype`. */
  codebook?: InputMaybe<Scalars['ID']['input']>;
  /** Keys of clinical attributes, of patients or slides: a column each, with the value of the patch's patient or slide. */
  columns?: InputMaybe<Array<Scalars['String']['input']>>;
  /** Global id of the feature set. Slides that are still being embedded are left out: see `slidesLeftOut`. */
  featureSet: Scalars['ID']['input'];
  /** Only vectors of patches that pass this; all when left out. */
  filter?: InputMaybe<PatchFilter>;
  /** In which form. */
  format: ExportFormat;
  /** Of the numbers of the vectors. They are stored in half precision, so that FLOAT16 is exact and half as long. */
  precision: Precision;
  /** Global id of a score of a model on the feature set: adds the column `attention`, null outside of the scored bag. */
  score?: InputMaybe<Scalars['ID']['input']>;
};

/** Forms in which vectors leave. */
export type ExportFormat =
  /** One Arrow IPC stream, read from the database while it is sent. */
  | 'ARROW_STREAM'
  /** HDF5 files as CLAM writes them, one a slide, in one tar archive with a manifest. In single precision, without further columns. */
  | 'CLAM_H5'
  /** Parquet files of a job, with a manifest of their checksums. */
  | 'PARQUET'
  /** HDF5 files as TRIDENT writes them, one a slide, in one tar archive with a manifest. In single precision, without further columns. */
  | 'TRIDENT_H5';

/** Where exported vectors are to be had. */
export type ExportPayload = {
  __typename?: 'ExportPayload';
  /** About how many bytes a stream has; null where that is unknown, or more than 2,147,483,647. */
  bytes?: Maybe<Scalars['Int']['output']>;
  /** What was refused, and why. */
  errors: Array<UserError>;
  /** Until when the address can be opened; what has begun by then goes on. */
  expiresAt?: Maybe<Scalars['DateTime']['output']>;
  /** The work that writes files; null for a stream. */
  job?: Maybe<Job>;
  /** How many vectors there will be. Count them: a stream that broke off has fewer, and no end mark. */
  rows?: Maybe<Scalars['Int']['output']>;
  /** How many slides pass the filter and are left out, because not all of their vectors are there yet. */
  slidesLeftOut?: Maybe<Scalars['Int']['output']>;
  /**
   * Signed and short-lived address. Of ARROW_STREAM the stream: `&after=<patch id>` behind it goes on after that patch. Of HDF5
   * the archive. Of PARQUET the list of files, which is there once the job has succeeded. Null when there are errors.
   */
  url?: Maybe<Scalars['String']['output']>;
};

/** How patients (or slides, for an attribute of slides) spread over the values of one attribute. */
export type Facet = {
  __typename?: 'Facet';
  /** The attribute. */
  attribute: Attribute;
  /** Counts by value, most frequent first; null unless it is a category or a boolean. */
  categories?: Maybe<Array<FacetCategory>>;
  /** Counts by range, at most 20 of equal width; null unless it is a number. */
  histogram?: Maybe<Array<FacetBin>>;
  /** Greatest value; null unless it is a number. */
  maximum?: Maybe<Scalars['Float']['output']>;
  /** Median; null unless it is a number. */
  median?: Maybe<Scalars['Float']['output']>;
  /** Least value; null unless it is a number. */
  minimum?: Maybe<Scalars['Float']['output']>;
  /** How many have no value. */
  missing: Scalars['Int']['output'];
};

/** One range of a histogram: from ≤ value < to, the last one including its end. */
export type FacetBin = {
  __typename?: 'FacetBin';
  /** How many lie in it. */
  count: Scalars['Int']['output'];
  /** Lower end. */
  from: Scalars['Float']['output'];
  /** Upper end. */
  to: Scalars['Float']['output'];
};

/** One value of a category and how often it occurs. */
export type FacetCategory = {
  __typename?: 'FacetCategory';
  /** How many have it. */
  count: Scalars['Int']['output'];
  /** The value. */
  value: Scalars['String']['output'];
};

/** How files of features are laid out. */
export type FeatureLayout =
  /** Arrow IPC stream or file with the columns slide, patient, x, y, size and vector; a slide's rows stand together. */
  | 'ARROW'
  /** CLAM: HDF5, one slide a file, datasets `features` and `coords`. */
  | 'CLAM_H5'
  /** DeepAttnMISL: NumPy archives, one patient a file, `vgg_features` and `pid`. They tell no places: x is a row's number. */
  | 'DEEP_ATTN_MISL_NPZ'
  /** Parquet with the columns of ARROW. */
  | 'PARQUET'
  /** TRIDENT: HDF5, one slide a file, datasets `features` and `coords`, the latter with attributes. Slide-level files have one vector. */
  | 'TRIDENT_H5';

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
  /** Every codebook of the feature set, newest first. */
  codebooks: Array<Codebook>;
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
  /** What was done to the pixels before the encoder saw them; of a reduced feature set also what was done to its vectors. */
  preprocessing: Scalars['JSON']['output'];
  /** What makes searches in it fast, where it is large enough to gain from it. Without any, every search compares all that matches. */
  searchIndexes: Array<SearchIndex>;
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

/** Stratified folds. */
export type FoldsInput = {
  /** How many parts, 2 to 50. */
  count: Scalars['Int']['input'];
  /** How often, parted anew each time, 1 to 20. */
  repeats: Scalars['Int']['input'];
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

/** A clinical table, given as exactly one of `upload`, `path` and `text`, and what its columns mean. */
export type ImportClinicalInput = {
  /**
   * How to read columns; those that are not listed are read as what their values look like: BOOLEAN for true/false, yes/no, and
   * for 0/1 in columns called `is_…`, `has_…`, `…_mut`; NUMBER; CATEGORY for a few words; else TEXT. Columns without a name are
   * left out.
   */
  attributes?: InputMaybe<Array<AttributeInput>>;
  /** `.` or `,`; found out when left out. */
  decimalMark?: InputMaybe<Scalars['String']['input']>;
  /** One character between columns; found out when left out. */
  delimiter?: InputMaybe<Scalars['String']['input']>;
  /** Tells what an import would do, and does nothing. */
  dryRun: Scalars['Boolean']['input'];
  /** Time-to-event endpoints to read. */
  endpoints?: InputMaybe<Array<SurvivalEndpointInput>>;
  /**
   * What the attributes are properties of. With PATIENT, several rows of a patient must agree. With SLIDE each column but those
   * of endpoints is the slides'.
   */
  level: AttributeLevel;
  /** Words that mean there is no value. Default: empty, NA, N/A, NaN, null, unknown, not available, not reported, `.`, `-`, `--`. */
  missingValues?: InputMaybe<Array<Scalars['String']['input']>>;
  /** A file on the server, under a configured root. */
  path?: InputMaybe<Scalars['String']['input']>;
  /** The column that holds the patient's key. */
  patientColumn: Scalars['String']['input'];
  /** A regular expression over the patient column whose group `patient` is the key: `^(?<patient>TCGA-..-....)`. Without it, the whole value. */
  patientPattern?: InputMaybe<Scalars['String']['input']>;
  /** The column that holds the slide's key; slides that are not known yet are made, without an image. */
  slideColumn?: InputMaybe<Scalars['String']['input']>;
  /** A regular expression over the slide column whose group `slide` is the key. Without it, the whole value. */
  slidePattern?: InputMaybe<Scalars['String']['input']>;
  /** Key of the study. */
  studyKey: Scalars['String']['input'];
  /** The table itself, as CSV or TSV. */
  text?: InputMaybe<Scalars['String']['input']>;
  /** Id of an upload that `createUpload` gave. */
  upload?: InputMaybe<Scalars['ID']['input']>;
};

/** What an import did, or with `dryRun` would do. Counts are of rows' patients, or slides at the level of slides. */
export type ImportClinicalPayload = {
  __typename?: 'ImportClinicalPayload';
  /** The attributes that the table has. */
  attributes: Array<Attribute>;
  /** Known ones whose values changed. */
  changed: Scalars['Int']['output'];
  /** What contradicts itself or what is known, the first 200; it is left out. */
  conflicts: Array<UserError>;
  /** New ones. */
  created: Scalars['Int']['output'];
  /** Why nothing was imported. */
  errors: Array<UserError>;
  /** Known ones whose values are the same. */
  unchanged: Scalars['Int']['output'];
  /** Values of the key columns that no pattern fits, the first 100. */
  unlinked: Array<Scalars['String']['output']>;
};

/** Files of features. */
export type ImportFeaturesInput = {
  /** Key of the encoder that made the features. One that is not registered becomes known by its name only. */
  encoderKey: Scalars['String']['input'];
  /**
   * Key of the feature set. It is created with the first file; one that exists must have been imported with the same encoder,
   * patches and level, else `CONFLICT`.
   */
  featureSetKey: Scalars['String']['input'];
  /** How the files are laid out. */
  layout: FeatureLayout;
  /** What one vector stands for. */
  level: FeatureLevel;
  /** Resolution of the patches as the encoder saw them, in micrometres per pixel; needed where the files do not say. */
  micronsPerPixel?: InputMaybe<Scalars['Float']['input']>;
  /** Edge of a patch as the encoder saw it, in pixels; needed where the files do not say. */
  patchSize?: InputMaybe<Scalars['Int']['input']>;
  /** Files, folders and globs inside the folders that the server may read. */
  paths?: InputMaybe<Array<Scalars['String']['input']>>;
  /**
   * Regular expression with a group named `patient`, applied to slide keys (the files' names without their ending). Without it
   * the file says, or the slide that is there already; else slide and patient have the same key.
   */
  patientPattern?: InputMaybe<Scalars['String']['input']>;
  /** Key of the study. */
  studyKey: Scalars['String']['input'];
  /** Id of an upload of one file; `paths` or `upload`, not both. */
  upload?: InputMaybe<Scalars['ID']['input']>;
};

/** A head that was trained elsewhere. */
export type ImportMilModelInput = {
  /** Name of the output with one weight for each patch, if there is one. */
  attentionOutput?: InputMaybe<Scalars['String']['input']>;
  /** For a classification: the classes in the order of the output. */
  classes?: InputMaybe<Array<Scalars['String']['input']>>;
  /** Global id of the feature set whose vectors it reads. */
  featureSet: Scalars['ID']['input'];
  /** Name of the input for the vectors, float32 or float16, `[patches, dims]` or `[1, patches, dims]`, free in patches; the only input. */
  featuresInput: Scalars['String']['input'];
  /** A key of its own in the study. */
  key: Scalars['String']['input'];
  /** Name of the output: one risk or value, or a number for each class (probabilities or their logits). */
  output: Scalars['String']['input'];
  /** The ONNX file under a configured root; or `upload`. */
  path?: InputMaybe<Scalars['String']['input']>;
  /** What it predicts. Its unit is the patient. */
  task: MilTaskInput;
  /** Global id of an upload that holds the ONNX file; or `path`. */
  upload?: InputMaybe<Scalars['ID']['input']>;
};

/**
 * Long work: queued, resumable, with progress. A job whose server dies goes on where it stood when a server runs again:
 * at most one batch is computed twice, none is stored twice.
 */
export type Job = Node & {
  __typename?: 'Job';
  /** How many times it was begun: 1 for work that was never interrupted or retried. */
  attempts: Scalars['Int']['output'];
  /** The jobs that it was split into, newest first; those that were queued together in no particular order. */
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
  /** When its last attempt began; null before the first. */
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

/** An attribute to predict. */
export type LabelTaskInput = {
  /** Key of an attribute of patients, or of slides where the unit is the slide. */
  attribute: Scalars['String']['input'];
};

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

/** A number that tells how well predictions fit. */
export type Metric = {
  __typename?: 'Metric';
  /** Lower 95 % limit by resampling patients; null where too few resamples have a value. */
  lower?: Maybe<Scalars['Float']['output']>;
  /** Such as `concordance` or `macroAuc`. */
  name: Scalars['String']['output'];
  /** Standard deviation over folds; null for fewer than two. */
  standardDeviation?: Maybe<Scalars['Float']['output']>;
  /** Upper 95 % limit. */
  upper?: Maybe<Scalars['Float']['output']>;
  /** The value. */
  value: Scalars['Float']['output'];
};

/** How the patches of a bag become one prediction. */
export type MilArchitecture =
  /** Attention over patches (Ilse et al. 2018). */
  | 'ABMIL'
  /** Attention over phenotype clusters (Yao et al. 2020); needs a codebook. */
  | 'DEEP_ATTN_MISL'
  /** Attention over patches with a gate (Ilse et al. 2018). */
  | 'GATED_ABMIL'
  /** A head that was trained elsewhere; not to be trained here. */
  | 'IMPORTED'
  /** The greatest over patches of every number. */
  | 'MAX_POOL'
  /** The mean over patches: every patch weighs the same. */
  | 'MEAN_POOL'
  /** Self-attention through latent queries, linear in patches, with the patches' places. */
  | 'SELF_ATTENTION';

/** One pass over the training patients. */
export type MilEpoch = {
  __typename?: 'MilEpoch';
  /** From 0. */
  index: Scalars['Int']['output'];
  /** Of the validation patients; what they do not determine is absent. */
  metrics: Array<Metric>;
  /** Mean loss over the epoch's steps, by their patients. */
  trainLoss: Scalars['Float']['output'];
  /** Loss of the validation patients after the epoch; where no patient could be spared for validation, the training's. */
  validationLoss: Scalars['Float']['output'];
};

/** One part of the patients that was tested with a head trained on the others. */
export type MilFold = {
  __typename?: 'MilFold';
  /** The epoch whose parameters predicted. */
  bestEpoch: Scalars['Int']['output'];
  /** Its learning curve. */
  epochs: Array<MilEpoch>;
  /** From 0, over all repeats. */
  index: Scalars['Int']['output'];
  /** Of the tested patients; what they do not determine, such as a class that none of them has, is absent. */
  metrics: Array<Metric>;
  /** Patients that it predicted. */
  testPatients: Scalars['Int']['output'];
  /** Patients whose gradients trained it. */
  trainPatients: Scalars['Int']['output'];
  /** Patients that early stopping looked at; they are not among those trained or tested on. */
  validationPatients: Scalars['Int']['output'];
};

/**
 * A head that turns the bag of a patient's (or slide's) patches into one prediction, with the attention that led to it: trained
 * here fold by fold, or imported. It shows when it is complete, and not before.
 */
export type MilModel = Derived & Node & {
  __typename?: 'MilModel';
  /** How the patches of a bag become one prediction. */
  architecture: MilArchitecture;
  /** What simpler models reach on the same folds. */
  baselines: Array<Baseline>;
  /** How to run it, what it was trained on, its settings, versions, evaluation and learning curves. */
  card: Scalars['JSON']['output'];
  /** The clusters that it reads (DEEP_ATTN_MISL); of patients' own codebooks the one that was named. Null when deleted since. */
  codebook?: Maybe<Codebook>;
  /** The cohort that was trained on, where a cohort was asked for. */
  cohort?: Maybe<Cohort>;
  /** The vectors that it reads. */
  featureSet: FeatureSet;
  /** One for each part of the patients that was tested; none of an imported head. */
  folds: Array<MilFold>;
  /** Global id. */
  id: Scalars['ID']['output'];
  /** Unique in its study. */
  key: Scalars['String']['output'];
  /** Parameters and sources; stale when vectors, labels or patients that it was trained on are no longer what they were. */
  lineage: Lineage;
  /**
   * How well patients are predicted that were not trained on. The value is the mean over folds (of probabilities and values: over
   * repeats, whose predictions are comparable), with 95 % limits by resampling patients and the standard deviation over folds.
   */
  metrics: Array<Metric>;
  /**
   * Signed and short-lived address of the head as one ONNX file, which any ONNX Runtime runs on one whole bag; `card` names its
   * inputs and outputs.
   */
  onnxUrl: Scalars['String']['output'];
  /** Its predictions, by patient, slide and fold. */
  scores: MilScoreConnection;
  /** What it predicts. */
  task: MilTask;
  /** What gets one prediction. */
  unit: MilUnit;
};


/**
 * A head that turns the bag of a patient's (or slide's) patches into one prediction, with the attention that led to it: trained
 * here fold by fold, or imported. It shows when it is complete, and not before.
 */
export type MilModelscoresArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
};

/** A model, or why there is none. */
export type MilModelPayload = {
  __typename?: 'MilModelPayload';
  /** What was refused, and why. */
  errors: Array<UserError>;
  /** The model; null when there are errors. */
  model?: Maybe<MilModel>;
};

/** How weight decay acts. */
export type MilOptimiser =
  /** Added to the gradient (L2), as PyTorch's Adam(weight_decay). */
  | 'ADAM'
  /** Taken from the parameters apart from the gradient (Loshchilov & Hutter 2019). */
  | 'ADAMW';

/** What a head says of one patient or slide. */
export type MilScore = Derived & Node & {
  __typename?: 'MilScore';
  /** The weight of each phenotype that the bag holds, heaviest first; null unless the head weighs clusters. */
  clusterAttention?: Maybe<Array<AttendedPhenotype>>;
  /** The fold whose head predicted; null for the final head, which was trained on all patients. */
  fold?: Maybe<Scalars['Int']['output']>;
  /**
   * Signed and short-lived address of a Deep Zoom descriptor of the same colours on a transparent ground, to lay over
   * `image.tilesUrl` in a viewer such as OpenSeadragon.
   */
  heatmapTilesUrl: Scalars['String']['output'];
  /**
   * Signed and short-lived address of a PNG: the slide in grey, its patches coloured by the percentile of their attention, with a
   * legend that tells the raw values at its ends, and a scale bar.
   */
  heatmapUrl: Scalars['String']['output'];
  /** Global id. */
  id: Scalars['ID']['output'];
  /**
   * True when the patient was not trained on: predicted by a fold's head that had not seen him, or external to the whole training.
   * False for a patient of the training scored by the final head: no measure of how well it predicts. Of an imported head it is the
   * importer's word.
   */
  isOutOfFold: Scalars['Boolean']['output'];
  /** Model and vectors; stale when the slides' vectors are no longer what they were. DECLARED for an imported head. */
  lineage: Lineage;
  /** The head. */
  model: MilModel;
  /** The patient. */
  patient: Patient;
  /** Probability of each class, by its name. Null for another task. */
  probabilities?: Maybe<Scalars['JSON']['output']>;
  /** The risk: the higher, the sooner the event. Comparable within one head only. Null for another task. */
  risk?: Maybe<Scalars['Float']['output']>;
  /** The slide, of a head whose unit is the slide. */
  slide?: Maybe<Slide>;
  /** The patches that weighed most, heaviest first; none where the head gives no attention. */
  topPatches: Array<AttendedPatch>;
  /** The predicted value. Null for another task. */
  value?: Maybe<Scalars['Float']['output']>;
};


/** What a head says of one patient or slide. */
export type MilScoreheatmapTilesUrlArgs = {
  slide: Scalars['ID']['input'];
};


/** What a head says of one patient or slide. */
export type MilScoreheatmapUrlArgs = {
  slide: Scalars['ID']['input'];
};


/** What a head says of one patient or slide. */
export type MilScoretopPatchesArgs = {
  first?: InputMaybe<Scalars['Int']['input']>;
};

/** A page of scores. */
export type MilScoreConnection = {
  __typename?: 'MilScoreConnection';
  /** The same scores, each with its cursor. */
  edges: Array<MilScoreEdge>;
  /** The scores of this page. */
  nodes: Array<MilScore>;
  /** Where this page stands in the list. */
  pageInfo: PageInfo;
  /** How many there are on all pages. */
  totalCount: Scalars['Int']['output'];
};

/** A score in a list. */
export type MilScoreEdge = {
  __typename?: 'MilScoreEdge';
  /** Pass it as `after` to go on behind this score. */
  cursor: Scalars['String']['output'];
  /** The score itself. */
  node: MilScore;
};

/** What a head predicts. */
export type MilTask = ClassificationTask | RegressionTask | SurvivalTask;

/** What to predict. */
export type MilTaskInput =
  /** A class: the value of a category or boolean. */
  { classification: LabelTaskInput; regression?: never; survival?: never; }
  |  /** A number: the value of a number attribute. */
  { classification?: never; regression: LabelTaskInput; survival?: never; }
  |  /** A risk of an endpoint. */
  { classification?: never; regression?: never; survival: SurvivalTaskInput; };

/** What gets one prediction. */
export type MilUnit =
  /** A patient: the patches of all slides together. */
  | 'PATIENT'
  /** A slide. Slides of one patient are never parted by a split. */
  | 'SLIDE';

/**
 * Everything that changes something. Each mutation answers with what it made and with `errors`: the expected failures, each
 * with a code and a fix. Long work comes back at once as a job.
 */
export type Mutation = {
  __typename?: 'Mutation';
  /**
   * Groups patches into phenotypes, as a job. Asked again with the same parameters it assigns the patches of slides that were
   * embedded since, without fitting anew; when patches that it was fitted to have changed, it builds a new codebook beside the
   * stale one. Asking twice does nothing twice.
   */
  buildCodebook: JobPayload;
  /**
   * Builds what makes searches fast in a feature set, and measures the recall it reaches, as a job. It happens by itself when a
   * set has grown large, and for cohorts that are searched often. Asking twice does nothing twice.
   */
  buildSearchIndex: JobPayload;
  /** Stops a job at the end of its batch, and those that need it. What is stored stays, and `retryJob` goes on from there. One that has ended stays as it is. */
  cancelJob: JobPayload;
  /** Opens an empty study. The same input again changes nothing; the same key with another name is `CONFLICT`. */
  createStudy: StudyPayload;
  /** A place to send a file too large for a request: PUT the bytes to the url, then name the upload. */
  createUpload: UploadPayload;
  /** Tiles what is not tiled yet, and creates or extends the feature set, as a job. Asking twice does nothing twice. */
  embedSlides: EmbedSlidesPayload;
  /**
   * Takes the vectors of a feature set out, with everything that belongs to them: as one stream for DataFrames and matrices, or
   * as files that a job writes. The same filters and permissions as everywhere in the graph; every export is recorded.
   */
  exportFeatures: ExportPayload;
  /**
   * Reads a clinical table (CSV, TSV or XLSX): one row per patient or per slide. Columns become attributes of the study's
   * dictionary, times and events become survival endpoints. A second import updates what differs. What is in conflict is
   * reported and left out; the rest goes in.
   */
  importClinical: ImportClinicalPayload;
  /**
   * Takes in features that were computed elsewhere, as a job with one part a file: a file goes in as a whole, or is refused with
   * its reason and leaves nothing behind. Slides and patients that the study does not have are made; a slide needs no image, an
   * encoder no model. What was imported says so: its lineage is DECLARED. The same file again changes nothing.
   */
  importFeatures: JobPayload;
  /** Takes a head that was trained elsewhere, as one ONNX file, after running it on a trial bag. */
  importMilModel: MilModelPayload;
  /** Gives a phenotype a name and a note. */
  namePhenotype: PhenotypePayload;
  /**
   * Makes a feature set of the same patches with fewer numbers, the principal components of another feature set's vectors, as a
   * job. Asked again it adds the slides that have come since and takes over those that have changed, with the same components;
   * asking twice does nothing twice.
   */
  reduceFeatureSet: JobPayload;
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
  /** Queues again what a job left undone: its failed slides and the jobs that it needs, or all that a cancelled or failed one had before it. */
  retryJob: JobPayload;
  /** Saves a cohort; with the key of one that exists, replaces it. */
  saveCohort: CohortPayload;
  /**
   * Scores whole bags with a head, as a job. Scores of patients that the head was trained on say so; those from the folds stay. Bags
   * whose score is there already, from the vectors of today, are not scored again.
   */
  scoreMilModel: JobPayload;
  /**
   * Tells a slide's resolution where its file does not, or tells it wrongly. Grids and vectors that were made with another
   * resolution become stale.
   */
  setSlideResolution: SlidePayload;
  /** Finds the tissue and lays a grid of patches over each slide, as a job. Slides that have this grid already are done at once. */
  tileSlides: JobPayload;
  /**
   * Trains a head, as a job: fold by fold, each tested on patients that it has not seen, then on all patients. A job that is killed or
   * cancelled goes on from its last epoch when it is taken up again; one that fails leaves nothing behind.
   */
  trainMilModel: JobPayload;
};


/**
 * Everything that changes something. Each mutation answers with what it made and with `errors`: the expected failures, each
 * with a code and a fix. Long work comes back at once as a job.
 */
export type MutationbuildCodebookArgs = {
  input: BuildCodebookInput;
};


/**
 * Everything that changes something. Each mutation answers with what it made and with `errors`: the expected failures, each
 * with a code and a fix. Long work comes back at once as a job.
 */
export type MutationbuildSearchIndexArgs = {
  input: BuildSearchIndexInput;
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
export type MutationcreateUploadArgs = {
  input: CreateUploadInput;
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
export type MutationexportFeaturesArgs = {
  input: ExportFeaturesInput;
};


/**
 * Everything that changes something. Each mutation answers with what it made and with `errors`: the expected failures, each
 * with a code and a fix. Long work comes back at once as a job.
 */
export type MutationimportClinicalArgs = {
  input: ImportClinicalInput;
};


/**
 * Everything that changes something. Each mutation answers with what it made and with `errors`: the expected failures, each
 * with a code and a fix. Long work comes back at once as a job.
 */
export type MutationimportFeaturesArgs = {
  input: ImportFeaturesInput;
};


/**
 * Everything that changes something. Each mutation answers with what it made and with `errors`: the expected failures, each
 * with a code and a fix. Long work comes back at once as a job.
 */
export type MutationimportMilModelArgs = {
  input: ImportMilModelInput;
};


/**
 * Everything that changes something. Each mutation answers with what it made and with `errors`: the expected failures, each
 * with a code and a fix. Long work comes back at once as a job.
 */
export type MutationnamePhenotypeArgs = {
  input: NamePhenotypeInput;
};


/**
 * Everything that changes something. Each mutation answers with what it made and with `errors`: the expected failures, each
 * with a code and a fix. Long work comes back at once as a job.
 */
export type MutationreduceFeatureSetArgs = {
  input: ReduceFeatureSetInput;
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
export type MutationsaveCohortArgs = {
  input: SaveCohortInput;
};


/**
 * Everything that changes something. Each mutation answers with what it made and with `errors`: the expected failures, each
 * with a code and a fix. Long work comes back at once as a job.
 */
export type MutationscoreMilModelArgs = {
  input: ScoreMilModelInput;
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


/**
 * Everything that changes something. Each mutation answers with what it made and with `errors`: the expected failures, each
 * with a code and a fix. Long work comes back at once as a job.
 */
export type MutationtrainMilModelArgs = {
  input: TrainMilModelInput;
};

/** What people know about a phenotype. */
export type NamePhenotypeInput = {
  /** A name of at most 200 characters; left as it is when omitted, taken away when null or empty. */
  name?: InputMaybe<Scalars['String']['input']>;
  /** A note of at most 10000 characters; left as it is when omitted, taken away when null or empty. */
  note?: InputMaybe<Scalars['String']['input']>;
  /** Global id of the phenotype. */
  phenotype: Scalars['ID']['input'];
};

/** Anything that can be fetched again by its global id, with `node(id:)`. */
export type Node = {
  /**
   * Opaque and global. It derives from what the thing is (study, slide key, feature set, position), not from when it was
   * stored, so it survives a restore or a second tiling.
   */
  id: Scalars['ID']['output'];
};

/** Bounds of a number, all of which hold; at least one. */
export type NumberRange = {
  /** Equal to. */
  equals?: InputMaybe<Scalars['Float']['input']>;
  /** Greater than. */
  gt?: InputMaybe<Scalars['Float']['input']>;
  /** Greater than or equal to. */
  gte?: InputMaybe<Scalars['Float']['input']>;
  /** Less than. */
  lt?: InputMaybe<Scalars['Float']['input']>;
  /** Less than or equal to. */
  lte?: InputMaybe<Scalars['Float']['input']>;
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
  /** The patch's share of the attention of a score's bag; null when it is not in the bag, or the head gives no attention. */
  attention?: Maybe<Scalars['Float']['output']>;
  /** The grid that it is a cell of. */
  grid: PatchGrid;
  /** Global id; it derives from slide, grid and position. */
  id: Scalars['ID']['output'];
  /** Signed and short-lived address of a JPEG; null when the slide has no image. */
  imageUrl?: Maybe<Scalars['String']['output']>;
  /** Named numbers with units in the name, such as blurVariance, dabShare; an empty object while none were taken. */
  measurements: Scalars['JSON']['output'];
  /** The phenotype that the patch belongs to; null when the codebook has not assigned it. */
  phenotype?: Maybe<Phenotype>;
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
export type PatchattentionArgs = {
  score: Scalars['ID']['input'];
};


/** A square of tissue on one slide: the unit that is embedded and searched. */
export type PatchimageUrlArgs = {
  contextMicrons?: InputMaybe<Scalars['Float']['input']>;
  maxPixels?: InputMaybe<Scalars['Int']['input']>;
};


/** A square of tissue on one slide: the unit that is embedded and searched. */
export type PatchphenotypeArgs = {
  codebook: Scalars['ID']['input'];
};


/** A square of tissue on one slide: the unit that is embedded and searched. */
export type PatchvectorArgs = {
  featureSet: Scalars['ID']['input'];
};

/** Which patches. What is given together must all hold. */
export type PatchFilter = {
  /**
   * Only patches of which these measurements hold, by name (`blurVariance`, `penShare`, `foldShare`, `dabShare`), all of them; the
   * feature set must have been embedded with `preprocessing.qualityControl`.
   */
  measurements?: InputMaybe<Array<Predicate>>;
  /** Only patches of patients that pass this. */
  patients?: InputMaybe<PatientFilter>;
  /** Only patches of one of these phenotypes, all of one codebook of the feature set. */
  phenotypes?: InputMaybe<Array<Scalars['ID']['input']>>;
  /** Only patches of one slide whose centres lie inside of an outline, such as an annotation. */
  region?: InputMaybe<RegionInput>;
  /** Only patches of slides that pass this. */
  slides?: InputMaybe<SlideFilter>;
};

/** Tissue and patches of one slide at one resolution; the same parameters give the same grid. */
export type PatchGrid = Derived & Node & {
  __typename?: 'PatchGrid';
  /**
   * Signed and short-lived address of the grid as GeoJSON, which QuPath opens: tissue as annotations, patches as tiles with
   * their measurements. Coordinates are level-0 pixels.
   */
  geoJsonUrl: Scalars['String']['output'];
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


/** Tissue and patches of one slide at one resolution; the same parameters give the same grid. */
export type PatchGridgeoJsonUrlArgs = {
  codebook?: InputMaybe<Scalars['ID']['input']>;
  fromBounds: Scalars['Boolean']['input'];
  score?: InputMaybe<Scalars['ID']['input']>;
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
  /** The patient's shares of each phenotype of a codebook, by index; empty when the codebook has none of the patient's patches. */
  phenotypeShares: Array<PhenotypeShare>;
  /** What heads say of the patient, newest model first, by fold; of heads whose unit is the slide, of each of the patient's slides. */
  scores: Array<MilScore>;
  /** The patient's slides. */
  slides: SlideConnection;
  /** The study that the patient belongs to. */
  study: Study;
  /** Time to an endpoint; null when it is not known of this patient. */
  survival?: Maybe<Survival>;
};


/** One person of a study, under a pseudonym: the unit that splits, survival and similarity must never mix up. */
export type PatientphenotypeSharesArgs = {
  codebook: Scalars['ID']['input'];
};


/** One person of a study, under a pseudonym: the unit that splits, survival and similarity must never mix up. */
export type PatientscoresArgs = {
  model?: InputMaybe<Scalars['ID']['input']>;
};


/** One person of a study, under a pseudonym: the unit that splits, survival and similarity must never mix up. */
export type PatientslidesArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  filter?: InputMaybe<SlideFilter>;
  first?: InputMaybe<Scalars['Int']['input']>;
};


/** One person of a study, under a pseudonym: the unit that splits, survival and similarity must never mix up. */
export type PatientsurvivalArgs = {
  endpoint: Scalars['String']['input'];
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

/** Which patients. What is given together must all hold; an empty filter holds for every patient of the study. */
export type PatientFilter = {
  /** All of these must hold. */
  and?: InputMaybe<Array<PatientFilter>>;
  /** Clinical predicates on patients, all of which hold. */
  clinical?: InputMaybe<Array<Predicate>>;
  /** Global id of a cohort: its patients. */
  cohort?: InputMaybe<Scalars['ID']['input']>;
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

/** A cluster of patches that look alike. */
export type Phenotype = Node & {
  __typename?: 'Phenotype';
  /** Its middle, as a vector of the feature set; of a codebook with `pca`, brought back from the components. */
  centroid: Scalars['Vector']['output'];
  /** The codebook that it belongs to. */
  codebook: Codebook;
  /** How it goes together with a clinical attribute of patients. */
  enrichment: Array<Enrichment>;
  /** The patches nearest to its middle, spread over patients: the nearest of each patient come before the second of any. */
  exemplars: Array<SimilarPatch>;
  /** Signed and short-lived address of a contact sheet: the first twelve exemplars on one picture, as JPEG. */
  exemplarsUrl: Scalars['String']['output'];
  /** Global id. */
  id: Scalars['ID']['output'];
  /** Its number in the codebook, from 0; it never changes. */
  index: Scalars['Int']['output'];
  /** What people call it. */
  name?: Maybe<Scalars['String']['output']>;
  /** What people say about it. */
  note?: Maybe<Scalars['String']['output']>;
  /** Its share of all patches of the codebook, 0 to 1. */
  share: Scalars['Float']['output'];
  /** Its share of each patient's patches, greatest first; patients of the codebook that have none of it are listed with 0. */
  shares: PhenotypeShareConnection;
  /** How many patches it holds. */
  size: Scalars['Int']['output'];
  /** Its share of each slide's patches, greatest first; slides of the codebook that have none of it are listed with 0. */
  slideShares: PhenotypeShareConnection;
  /** Survival of patients by their share of it. */
  survival: SurvivalAnalysis;
};


/** A cluster of patches that look alike. */
export type PhenotypeenrichmentArgs = {
  attribute: Scalars['String']['input'];
  cohort?: InputMaybe<Scalars['ID']['input']>;
};


/** A cluster of patches that look alike. */
export type PhenotypeexemplarsArgs = {
  first?: InputMaybe<Scalars['Int']['input']>;
};


/** A cluster of patches that look alike. */
export type PhenotypesharesArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
  patients?: InputMaybe<PatientFilter>;
};


/** A cluster of patches that look alike. */
export type PhenotypeslideSharesArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
  slides?: InputMaybe<SlideFilter>;
};


/** A cluster of patches that look alike. */
export type PhenotypesurvivalArgs = {
  cohort?: InputMaybe<Scalars['ID']['input']>;
  endpoint: Scalars['String']['input'];
  quantiles?: InputMaybe<Scalars['Int']['input']>;
};

/** Groups by the share that a phenotype has of each patient's patches; patients without patches in its codebook are left out. */
export type PhenotypeGrouping = {
  /** Global id of the phenotype, of a codebook of the study or of a cohort. */
  phenotype: Scalars['ID']['input'];
  /** So many groups of equal size, 2 to 10; where more than half of the patients have none of it, two groups part those who have any. */
  quantiles: Scalars['Int']['input'];
};

/** The named phenotype, or why it was not named. */
export type PhenotypePayload = {
  __typename?: 'PhenotypePayload';
  /** What was refused, and why. */
  errors: Array<UserError>;
  /** The phenotype; null when there are errors. */
  phenotype?: Maybe<Phenotype>;
};

/** How much of a patient or of a slide belongs to a phenotype. */
export type PhenotypeShare = {
  __typename?: 'PhenotypeShare';
  /** How many patches belong to it. */
  patches: Scalars['Int']['output'];
  /** The patient; of a slide's share, the slide's. */
  patient?: Maybe<Patient>;
  /** The phenotype. */
  phenotype: Phenotype;
  /** Their share of the patches of the patient or slide that the codebook has assigned, 0 to 1. */
  share: Scalars['Float']['output'];
  /** The slide; null where the share is of all of the patient's slides. */
  slide?: Maybe<Slide>;
};

/** A page of shares. */
export type PhenotypeShareConnection = {
  __typename?: 'PhenotypeShareConnection';
  /** The same shares, each with its cursor. */
  edges: Array<PhenotypeShareEdge>;
  /** The shares of this page. */
  nodes: Array<PhenotypeShare>;
  /** Where this page stands in the list. */
  pageInfo: PageInfo;
  /** How many there are on all pages. */
  totalCount: Scalars['Int']['output'];
};

/** A share in a list. */
export type PhenotypeShareEdge = {
  __typename?: 'PhenotypeShareEdge';
  /** Pass it as `after` to go on behind this share. */
  cursor: Scalars['String']['output'];
  /** The share itself. */
  node: PhenotypeShare;
};

/** Precision of numbers. */
export type Precision =
  /** Half precision, 2 bytes a number: as they are stored. */
  | 'FLOAT16'
  /** Single precision, 4 bytes a number. */
  | 'FLOAT32';

/** One condition on a clinical attribute. Of what has no value only `isMissing` is ever true. */
export type Predicate = {
  /** Key of the attribute. */
  attribute: Scalars['String']['input'];
  /** The condition; its kind must be that of the attribute, else `TYPE_MISMATCH`. */
  test: PredicateTest;
};

/** What a predicate asks. Exactly one field. */
export type PredicateTest =
  /** The value is true, or false. */
  { boolean: Scalars['Boolean']['input']; category?: never; isMissing?: never; number?: never; textContains?: never; }
  |  /** The value is one of these. */
  { boolean?: never; category: Array<Scalars['String']['input']>; isMissing?: never; number?: never; textContains?: never; }
  |  /** There is no value (true), or there is one (false). */
  { boolean?: never; category?: never; isMissing: Scalars['Boolean']['input']; number?: never; textContains?: never; }
  |  /** The value lies in this range. */
  { boolean?: never; category?: never; isMissing?: never; number: NumberRange; textContains?: never; }
  |  /** The text contains this, whatever the case. */
  { boolean?: never; category?: never; isMissing?: never; number?: never; textContains: Scalars['String']['input']; };

/** What is done to the pixels of a patch before the encoder sees them. */
export type PreprocessingInput = {
  /**
   * Measure the quality of every patch while it is read: `blurVariance` (squared grey levels; low where out of focus), `penShare`
   * (0 to 1 of its pixels: marker ink), `foldShare` (0 to 1 of its blocks of 10 µm: tissue that lies double) and `dabShare` (0 to 1
   * of its pixels: brown of an immunostain). Nothing is left out: every patch is embedded, and `PatchFilter.measurements` chooses.
   */
  qualityControl: Scalars['Boolean']['input'];
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
  /** Helps to choose the number of clusters: inertia, silhouette and stability on a sample. */
  codebookChoice: CodebookChoice;
  /** A cohort by its key; null when there is none. */
  cohort?: Maybe<Cohort>;
  /** Two cohorts side by side. */
  compareCohorts: CohortComparison;
  /** An encoder by its key. */
  encoder?: Maybe<Encoder>;
  /** Every encoder that this server knows, bundled and registered, by key. */
  encoders: Array<Encoder>;
  /** How patients spread over the values of attributes. */
  facets: Array<Facet>;
  /** A feature set by its study and key; null when there is none that you may see. */
  featureSet?: Maybe<FeatureSet>;
  /** One job; null when there is none that you may see. */
  job?: Maybe<Job>;
  /** Jobs that were asked for directly, newest first. */
  jobs: JobConnection;
  /** The head of a key; null when there is none, or it is not complete. */
  milModel?: Maybe<MilModel>;
  /** Any thing by its global id; null when there is none that you may see. */
  node?: Maybe<Node>;
  /** Several things by their global ids, in the order asked; null in the place of each that does not exist or that you may not see. */
  nodes: Array<Maybe<Node>>;
  /** One patient; null when there is none that you may see. */
  patient?: Maybe<Patient>;
  /** Patients of the study that the filter names, by `studyKey` or by ids. */
  patients: PatientConnection;
  /** The patches that look most like a patch, a picture or a vector. Read `search` before you rely on the hits. */
  similarPatches: SimilarPatches;
  /** The patients whose slides look most like those of a patient. */
  similarPatients: SimilarPatients;
  /** The phenotypes of a codebook that look most like a phenotype, a patch, a picture or a vector. */
  similarPhenotypes: SimilarPhenotypes;
  /** The slides that look most like a slide. */
  similarSlides: SimilarSlides;
  /** One slide; null when there is none that you may see. */
  slide?: Maybe<Slide>;
  /** Slides of the study that the filter names, by `studyKey` or by ids. */
  slides: SlideConnection;
  /** The studies that you may see, by key. */
  studies: StudyConnection;
  /** A study by its key; null when there is none that you may see. */
  study?: Maybe<Study>;
  /** Kaplan–Meier curves, log-rank test and Cox regression of a study's patients. */
  survival: SurvivalAnalysis;
  /** Who the server takes you for. */
  viewer: Viewer;
  /** Processes that take jobs at the moment, the oldest first; none means that jobs wait. */
  workers: Array<Worker>;
};


/** Everything that can be read. Reading never starts work. */
export type QuerycodebookChoiceArgs = {
  input: CodebookChoiceInput;
};


/** Everything that can be read. Reading never starts work. */
export type QuerycohortArgs = {
  key: Scalars['String']['input'];
  studyKey: Scalars['String']['input'];
};


/** Everything that can be read. Reading never starts work. */
export type QuerycompareCohortsArgs = {
  input: CompareCohortsInput;
};


/** Everything that can be read. Reading never starts work. */
export type QueryencoderArgs = {
  key: Scalars['String']['input'];
};


/** Everything that can be read. Reading never starts work. */
export type QueryfacetsArgs = {
  attributes: Array<Scalars['String']['input']>;
  filter: PatientFilter;
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
export type QuerymilModelArgs = {
  key: Scalars['String']['input'];
  studyKey: Scalars['String']['input'];
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
export type QuerysimilarPatientsArgs = {
  input: SimilarPatientsInput;
};


/** Everything that can be read. Reading never starts work. */
export type QuerysimilarPhenotypesArgs = {
  input: SimilarPhenotypesInput;
};


/** Everything that can be read. Reading never starts work. */
export type QuerysimilarSlidesArgs = {
  input: SimilarSlidesInput;
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


/** Everything that can be read. Reading never starts work. */
export type QuerysurvivalArgs = {
  input: SurvivalInput;
};

/** On what grounds a recall is claimed. */
export type RecallBasis =
  /** Measured on this feature set, against exact searches. */
  | 'CALIBRATED'
  /** Every candidate was compared: nothing can be missed. */
  | 'EXACT';

/** A feature set to reduce. */
export type ReduceFeatureSetInput = {
  /** How many principal components are kept: the length of the new vectors. */
  components: Scalars['Int']['input'];
  /** Id of the feature set whose vectors are reduced; those of slides that are embedded completely. */
  featureSet: Scalars['ID']['input'];
  /** Key of the new feature set. One that exists must have been made with the same input, else `CONFLICT`. */
  key: Scalars['String']['input'];
  /** To how many patches the components are fitted, drawn by the seed; all when left out. Every patch is projected either way. */
  sample?: InputMaybe<Scalars['Int']['input']>;
  /** Where sampling and iteration begin; the same seed gives the same components. */
  seed: Scalars['Int']['input'];
  /** Scales each component to variance 1, so that all count alike. */
  whiten: Scalars['Boolean']['input'];
};

/** An outline on one slide. */
export type RegionInput = {
  /**
   * GeoJSON in level-0 pixels, y downwards: a Polygon or MultiPolygon (or a Feature with one), with or without holes; rings may
   * be closed or not. Up to 20,000 vertices.
   */
  polygon: Scalars['JSON']['input'];
  /** Global id of the slide. */
  slide: Scalars['ID']['input'];
};

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
  /** Id of an upload that `createUpload` gave, in place of `path`. */
  upload?: InputMaybe<Scalars['ID']['input']>;
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

/** A number. */
export type RegressionTask = {
  __typename?: 'RegressionTask';
  /** Key of the attribute. */
  attribute: Scalars['String']['output'];
};

/**
 * Groups by predicted risk. Only out-of-fold or external predictions count; a patient that the model was trained on is excluded with
 * that reason.
 */
export type RiskGrouping = {
  /** Global id of a survival model whose unit is the patient. */
  model: Scalars['ID']['input'];
  /** So many groups of equal size, 2 to 10. */
  quantiles: Scalars['Int']['input'];
};

/** A cohort to save, or to save again under its key. */
export type SaveCohortInput = {
  /** Fixes the patients as they are now. */
  freeze: Scalars['Boolean']['input'];
  /** Key of the cohort. */
  key: Scalars['String']['input'];
  /** A name for people. */
  name: Scalars['String']['input'];
  /** Its patients. Set operations are filters: `{and: [{cohort: a}, {not: {cohort: b}}]}`. */
  patients: PatientFilter;
  /** Key of the study. */
  studyKey: Scalars['String']['input'];
};

/** Patients or slides to score. */
export type ScoreMilModelInput = {
  /** Global id of the model. */
  model: Scalars['ID']['input'];
  /** Which patients; all with vectors when omitted. */
  patients?: InputMaybe<PatientFilter>;
  /** Which slides of them; all with vectors when omitted. */
  slides?: InputMaybe<SlideFilter>;
};

/** An index that answers similarity searches faster than comparing every vector, wherever it was measured to find as much. */
export type SearchIndex = {
  __typename?: 'SearchIndex';
  /** When it was built. */
  builtAt: Scalars['DateTime']['output'];
  /** The cohort whose patients it holds; null when it holds the whole feature set. */
  cohort?: Maybe<Cohort>;
  /** True when there are so many more or fewer vectors that it should be built again. */
  isStale: Scalars['Boolean']['output'];
  /** Measured recall of a search for ten hits without the query's own patient, with the setting that such a search uses; null where an exact search is used. */
  recall?: Maybe<Scalars['Float']['output']>;
  /** Why it is stale, and what that means; null when it is not. */
  staleReason?: Maybe<Scalars['String']['output']>;
  /** The strategy that it serves. */
  strategy: SearchStrategy;
  /** How many vectors there were when it was built, or measured again. */
  vectors: Scalars['Int']['output'];
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

/** How the patches of two slides, or of two patients, come to one distance. */
export type SetDistance =
  /** Cosine distance of their mean vectors; each vector counts by its direction alone. */
  | 'MEAN'
  /**
   * Each patch of the query's mosaic looks for the nearest patch of the other's; the median of these cosine distances (Yottixel:
   * Kalra et al. 2020). A mosaic is at most 100 patches of a slide; a patient has those of all his slides.
   */
  | 'MEDIAN_OF_MIN'
  /**
   * Only of patients: how far each patient's own clusters, of a `codebook` of scope PATIENT (any of its build), are from the nearest
   * of the other's by cosine distance, on average by size and in both directions (sum of minimum distances: Eiter & Mannila 1997).
   * A hit's `because` are patches in the middle of the clusters nearest to one of the query's.
   */
  | 'PHENOTYPE_SETS'
  /**
   * Jensen–Shannon distance (base 2, 0 to 1) of their shares of the phenotypes of a `codebook` of scope STUDY or COHORT. A hit's
   * `because` are patches in the middle of the phenotypes that both have most of.
   */
  | 'PHENOTYPE_SHARES';

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

/** A patient found by the likeness of his slides. */
export type SimilarPatient = {
  __typename?: 'SimilarPatient';
  /** Patches of his slides that made him a hit, at most 5, nearest first; as for slides. */
  because: Array<SimilarPatch>;
  /** Distance by the method asked for; see `SetDistance`. */
  distance: Scalars['Float']['output'];
  /** The patient. */
  patient: Patient;
};

/** The nearest patients, and how far the answer can be relied on. */
export type SimilarPatients = {
  __typename?: 'SimilarPatients';
  /** Nearest first. */
  hits: Array<SimilarPatient>;
  /** How the search went, as for slides; `matches` counts patients. */
  search: SearchReport;
};

/** Which patient to find the like of, and among which. */
export type SimilarPatientsInput = {
  /** Global id of a codebook; for PHENOTYPE_SHARES and PHENOTYPE_SETS, and only there. */
  codebook?: InputMaybe<Scalars['ID']['input']>;
  /** Global id of the feature set to search in. */
  featureSet: Scalars['ID']['input'];
  /** Among which patients; all of the feature set when omitted. */
  filter?: InputMaybe<PatientFilter>;
  /** How many hits, 1 to 1000. */
  first: Scalars['Int']['input'];
  /** How patients are compared. */
  method: SetDistance;
  /** Global id of the patient, who is never a hit himself. */
  patient: Scalars['ID']['input'];
};

/** A phenotype found by its likeness. */
export type SimilarPhenotype = {
  __typename?: 'SimilarPhenotype';
  /** Cosine distance to its centroid: 0 for the same direction, 1 for unrelated, 2 for opposite. */
  distance: Scalars['Float']['output'];
  /** The phenotype. */
  phenotype: Phenotype;
};

/** Phenotypes that look alike. */
export type SimilarPhenotypes = {
  __typename?: 'SimilarPhenotypes';
  /** Nearest first. */
  hits: Array<SimilarPhenotype>;
};

/** What to compare phenotypes with. */
export type SimilarPhenotypesInput = {
  /** Global id of the codebook whose phenotypes are compared. */
  codebook: Scalars['ID']['input'];
  /** How many hits, 1 to 1000. */
  first: Scalars['Int']['input'];
  /** With what; a phenotype may be of another codebook of the same feature set. The query's own phenotype is no hit. */
  to: SimilarTo;
};

/** A slide found by its likeness. */
export type SimilarSlide = {
  __typename?: 'SimilarSlide';
  /**
   * Patches of this slide that made it a hit, at most 5, nearest first. By `MEDIAN_OF_MIN` those of its mosaic that are nearest to
   * any patch of the query's mosaic; by `MEAN` those nearest to the query's mean.
   */
  because: Array<SimilarPatch>;
  /** Distance by the method asked for; see `SetDistance`. */
  distance: Scalars['Float']['output'];
  /** The slide. */
  slide: Slide;
};

/** The nearest slides, and how far the answer can be relied on. */
export type SimilarSlides = {
  __typename?: 'SimilarSlides';
  /** Nearest first. */
  hits: Array<SimilarSlide>;
  /**
   * How the search went. `matches` counts slides, `scanned` the vectors that were compared for them, and `tookMs` is the time of
   * the whole search.
   */
  search: SearchReport;
};

/** Which slide to find the like of, and among which. */
export type SimilarSlidesInput = {
  /** Global id of a codebook; for PHENOTYPE_SHARES, and only there. */
  codebook?: InputMaybe<Scalars['ID']['input']>;
  /** Leave out the other slides of the same patient, whose likeness says little. */
  excludeSamePatient: Scalars['Boolean']['input'];
  /** Global id of the feature set to search in. */
  featureSet: Scalars['ID']['input'];
  /** Among which slides; all of the feature set when omitted. */
  filter?: InputMaybe<SlideFilter>;
  /** How many hits, 1 to 1000. */
  first: Scalars['Int']['input'];
  /** How slides are compared. */
  method: SetDistance;
  /** Global id of the slide; it is never a hit itself. */
  slide: Scalars['ID']['input'];
};

/** What the hits shall look like: exactly one of these. */
export type SimilarTo =
  /** A picture: it is embedded by the feature set's encoder. */
  { image: ImageInput; patch?: never; phenotype?: never; vector?: never; }
  |  /** A patch of the same study, by its global id. */
  { image?: never; patch: Scalars['ID']['input']; phenotype?: never; vector?: never; }
  |  /** A phenotype of the same feature set: its centroid. */
  { image?: never; patch?: never; phenotype: Scalars['ID']['input']; vector?: never; }
  |  /** A vector that you computed yourself, as long as the feature set's `dims`. */
  { image?: never; patch?: never; phenotype?: never; vector: Scalars['Vector']['input']; };

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
  /**
   * Signed and short-lived address of a PNG: the slide in grey, its patches in the colours of their phenotypes, with a legend and
   * a scale bar. Null when the codebook has none of the slide's patches, or the slide has no image.
   */
  phenotypeMapUrl?: Maybe<Scalars['String']['output']>;
  /** The slide's shares of each phenotype of a codebook, by index; empty when the codebook has none of the slide's patches. */
  phenotypeShares: Array<PhenotypeShare>;
  /**
   * Signed and short-lived address of a Deep Zoom descriptor of the same colours on a transparent ground, to lay over
   * `image.tilesUrl` in a viewer such as OpenSeadragon; null as `phenotypeMapUrl`.
   */
  phenotypeTilesUrl?: Maybe<Scalars['String']['output']>;
  /** What heads whose unit is the slide say of it, newest model first, by fold. */
  scores: Array<MilScore>;
  /** The block or sample that was cut, when the importer told. */
  specimen?: Maybe<Scalars['String']['output']>;
  /** How the section was stained. */
  stain: Stain;
  /** The study that the slide belongs to. */
  study: Study;
};


/** One stained section of a patient's tissue. Its image may be absent: then only its features are known. */
export type SlidephenotypeMapUrlArgs = {
  codebook: Scalars['ID']['input'];
  maxPixels?: InputMaybe<Scalars['Int']['input']>;
};


/** One stained section of a patient's tissue. Its image may be absent: then only its features are known. */
export type SlidephenotypeSharesArgs = {
  codebook: Scalars['ID']['input'];
};


/** One stained section of a patient's tissue. Its image may be absent: then only its features are known. */
export type SlidephenotypeTilesUrlArgs = {
  codebook: Scalars['ID']['input'];
};


/** One stained section of a patient's tissue. Its image may be absent: then only its features are known. */
export type SlidescoresArgs = {
  model?: InputMaybe<Scalars['ID']['input']>;
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
  /**
   * What was found of the slide's staining, by which its pixels were evened out: for MACENKO the vectors of haematoxylin and eosin
   * and their greatest concentrations, for REINHARD means and standard deviations of L*, a*, b*. Null where nothing was evened out.
   */
  stain?: Maybe<Scalars['JSON']['output']>;
  /** How many of the slide's vectors are stored. */
  vectors: Scalars['Int']['output'];
};

/** Which slides. What is given together must all hold; an empty filter holds for every slide of the study. */
export type SlideFilter = {
  /** All of these must hold. */
  and?: InputMaybe<Array<SlideFilter>>;
  /** Clinical predicates on slides, all of which hold. */
  clinical?: InputMaybe<Array<Predicate>>;
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

/** How patients are parted; a patient is never on both sides. */
export type SplitsInput =
  /** Stratified folds: by class, by event and time, or by value. */
  { folds: FoldsInput; given?: never; groupBy?: never; }
  |  /**
   * A list of folds. Each is a list of the keys of the patients to test, or `{"test": […], "train": […]}`, where `train` may be left out
   * and is everybody else.
   */
  { folds?: never; given: Scalars['JSON']['input']; groupBy?: never; }
  |  /** Key of a category of patients, such as the site: each of its values is tested with a head trained on the others. */
  { folds?: never; given?: never; groupBy: Scalars['String']['input']; };

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
  /**
   * The slide's two stains are found and replaced by those of a reference for haematoxylin and eosin (Macenko 2009). A slide known as
   * an immunostain or fluorescence fails, alone.
   */
  | 'MACENKO'
  /** Pixels go to the encoder as they were scanned. */
  | 'NONE'
  /** Means and spreads of lightness and colour (L*, a*, b*) of the slide are brought to those of a reference (Reinhard 2001). */
  | 'REINHARD';

/** A research project: its patients, slides and feature sets. Keys are unique inside it, access is granted on it, nothing crosses it. */
export type Study = Node & {
  __typename?: 'Study';
  /** The clinical attributes of the study's dictionary, patients' before slides', each by key. */
  attributes: Array<Attribute>;
  /** Every codebook of the study, newest first. */
  codebooks: Array<Codebook>;
  /** Saved cohorts, by key. */
  cohorts: Array<Cohort>;
  /** What the study is about. */
  description?: Maybe<Scalars['String']['output']>;
  /** Time-to-event endpoints, by key. */
  endpoints: Array<SurvivalEndpoint>;
  /** Every feature set of the study, by key. */
  featureSets: Array<FeatureSet>;
  /** Global id. */
  id: Scalars['ID']['output'];
  /** Short name for queries and notebooks, such as `glioma-2026`. */
  key: Scalars['String']['output'];
  /** Every finished head of the study, newest first. */
  milModels: Array<MilModel>;
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

/**
 * Everything that can be followed. Over HTTP, POST the operation to `/graphql/stream`; the answer is a stream of server-sent
 * events that ends by itself.
 */
export type Subscription = {
  __typename?: 'Subscription';
  /**
   * The job now, and again whenever its state or its progress changes, at most about twice a second; the last event is how
   * it ended. Over HTTP: POST to `/graphql/stream`, answered by server-sent events.
   */
  jobProgress: Job;
};


/**
 * Everything that can be followed. Over HTTP, POST the operation to `/graphql/stream`; the answer is a stream of server-sent
 * events that ends by itself.
 */
export type SubscriptionjobProgressArgs = {
  id: Scalars['ID']['input'];
};

/** How long a patient was followed, and how that ended. */
export type Survival = {
  __typename?: 'Survival';
  /** True when the event happened; false when follow-up ended before. */
  event: Scalars['Boolean']['output'];
  /** Days from the start of follow-up to the event or to censoring. */
  timeDays: Scalars['Float']['output'];
};

/** What became of patients over time, by group, with tests and a regression where asked for. */
export type SurvivalAnalysis = {
  __typename?: 'SurvivalAnalysis';
  /** Cox regression; null unless asked for. */
  cox?: Maybe<CoxModel>;
  /** What was analysed. */
  endpoint: SurvivalEndpoint;
  /**
   * Patients that pass the filter and were left out, each counted once under the first reason: without the endpoint, without a
   * group, without a stratum. Those without a covariate are left out of the regression only, as their reason says.
   */
  excluded: Array<Excluded>;
  /** Kaplan–Meier estimates; one group of all patients when nothing was grouped. */
  groups: Array<SurvivalGroup>;
  /** Log-rank test between the groups, stratified where asked; null for one group, and where a patient is in several. */
  logRank?: Maybe<Test>;
};

/** A time-to-event endpoint, such as overall or progression-free survival. Times are stored in days. */
export type SurvivalEndpoint = {
  __typename?: 'SurvivalEndpoint';
  /** Those of them who had the event; the others are censored. */
  events: Scalars['Int']['output'];
  /** Names the endpoint; unique in its study. */
  key: Scalars['String']['output'];
  /** A name for people. */
  label?: Maybe<Scalars['String']['output']>;
  /** Patients whose time and event are known. */
  patients: Scalars['Int']['output'];
};

/** A time-to-event endpoint of a clinical table. */
export type SurvivalEndpointInput = {
  /** The column that says how it ended. */
  eventColumn: Scalars['String']['input'];
  /** The values of that column that mean the event: `["1"]`, `["0"]` for a censorship column, `["Dead"]`. All others mean censored. */
  eventValues: Array<Scalars['String']['input']>;
  /** Names the endpoint, such as `os`. */
  key: Scalars['String']['input'];
  /** A name for people, such as `Overall survival`. */
  label?: InputMaybe<Scalars['String']['input']>;
  /** The column that holds the time. */
  timeColumn: Scalars['String']['input'];
  /** Unit of that column; a month is 30.4375 days, a year 365.25. */
  timeUnit: TimeUnit;
};

/** One group's Kaplan–Meier estimate. */
export type SurvivalGroup = {
  __typename?: 'SurvivalGroup';
  /**
   * A point at every time at which somebody had the event or was censored, the first at 0 days; none for a group without
   * patients. Of a curve with more than 1000 times those are left out that move estimate and limits by less than 1/1000.
   */
  curve: Array<SurvivalPoint>;
  /** Those who had the event. */
  events: Scalars['Int']['output'];
  /** Median survival in days, its limits from those on the logarithmic scale, as R's survfit; parts are null where the curve does not reach one half. */
  medianDays?: Maybe<Estimate>;
  /** The value, range or cohort that makes the group. */
  name: Scalars['String']['output'];
  /** Patients in the group. */
  patients: Scalars['Int']['output'];
};

/** What makes the groups. Exactly one field. */
export type SurvivalGrouping =
  /** The values of an attribute. */
  { attribute: AttributeGrouping; cohorts?: never; phenotype?: never; risk?: never; }
  |  /** Global ids of cohorts, at most 20; a patient in several counts in each, and then there is no test. */
  { attribute?: never; cohorts: Array<Scalars['ID']['input']>; phenotype?: never; risk?: never; }
  |  /** The share of a phenotype. */
  { attribute?: never; cohorts?: never; phenotype: PhenotypeGrouping; risk?: never; }
  |  /** The risk that a head predicts. */
  { attribute?: never; cohorts?: never; phenotype?: never; risk: RiskGrouping; };

/** A survival analysis to make. */
export type SurvivalInput = {
  /** Level of confidence limits, between 0.5 and 0.999. */
  confidence: Scalars['Float']['input'];
  /** A Cox regression beside the curves. */
  cox?: InputMaybe<CoxInput>;
  /** Key of the endpoint. */
  endpoint: Scalars['String']['input'];
  /** What makes the groups; none when left out. */
  groupBy?: InputMaybe<SurvivalGrouping>;
  /** Which patients; all of the study when left out. */
  patients?: InputMaybe<PatientFilter>;
  /** Keys of attributes that stratify the log-rank test and the regression. */
  strata?: InputMaybe<Array<Scalars['String']['input']>>;
  /** Key of the study. */
  studyKey: Scalars['String']['input'];
};

/** One step of a Kaplan–Meier curve; limits are log-log limits by Greenwood's variance. */
export type SurvivalPoint = {
  __typename?: 'SurvivalPoint';
  /** Patients at risk just before this time. */
  atRisk: Scalars['Int']['output'];
  /** Events since the point before, at this time included. */
  events: Scalars['Int']['output'];
  /** Lower confidence limit. */
  lower: Scalars['Float']['output'];
  /** Estimated share without the event just after this time. */
  survival: Scalars['Float']['output'];
  /** Days from the start of follow-up. */
  timeDays: Scalars['Float']['output'];
  /** Upper confidence limit. */
  upper: Scalars['Float']['output'];
};

/** A risk: the higher, the sooner the event. */
export type SurvivalTask = {
  __typename?: 'SurvivalTask';
  /** Key of the endpoint. */
  endpoint: Scalars['String']['output'];
};

/** An endpoint to predict. */
export type SurvivalTaskInput = {
  /** Key of the endpoint. */
  endpoint: Scalars['String']['input'];
  /**
   * Learn the hazard of so many intervals with about equally many events, 2 to 50 (discrete-time likelihood); when omitted, Cox's
   * partial likelihood.
   */
  intervals?: InputMaybe<Scalars['Int']['input']>;
};

/** A hypothesis test. */
export type Test = {
  __typename?: 'Test';
  /** Degrees of freedom. */
  degreesOfFreedom: Scalars['Int']['output'];
  /** Its name. */
  name: Scalars['String']['output'];
  /** P-value. */
  pValue: Scalars['Float']['output'];
  /** Its statistic. */
  statistic: Scalars['Float']['output'];
};

/** Slides to cut into patches. */
export type TileSlidesInput = {
  /** Which grid. */
  grid: GridInput;
  /** Which slides; it must name a study, by `studyKey`, ids or otherwise, and only one. */
  slides: SlideFilter;
};

/** Unit of time in a clinical table. Times are stored in days. */
export type TimeUnit =
  /** Days. */
  | 'DAYS'
  /** Months of 30.4375 days. */
  | 'MONTHS'
  /** Weeks of 7 days. */
  | 'WEEKS'
  /** Years of 365.25 days. */
  | 'YEARS';

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

/** A head to train. */
export type TrainMilModelInput = {
  /** How the patches of a bag become one prediction. */
  architecture: MilArchitecture;
  /** Classes weigh the same, however many patients they have. */
  classWeights: Scalars['Boolean']['input'];
  /**
   * Keys of the patients' attributes of the clinical baseline (survival only): a Cox regression on the same folds. When omitted, those
   * that nearly all patients have, in order of their keys, as many as one for every ten events.
   */
  clinicalBaseline?: InputMaybe<Array<Scalars['String']['input']>>;
  /** Global id of a codebook of the feature set, for DEEP_ATTN_MISL and only there. Of scope PATIENT any one of its codebooks. */
  codebook?: InputMaybe<Scalars['ID']['input']>;
  /** Share of the bag's representation that is dropped while training, 0 to below 1; the architecture's usual one when omitted. */
  dropout?: InputMaybe<Scalars['Float']['input']>;
  /** At most so many passes over the training patients, 1 to 10000. */
  epochs: Scalars['Int']['input'];
  /** Global id of the feature set. */
  featureSet: Scalars['ID']['input'];
  /** Width of the layer in front of the pooling, up to 4096; 0 pools the vectors as they are; the architecture's usual one when omitted. */
  hidden?: InputMaybe<Scalars['Int']['input']>;
  /** A key of its own in the study. */
  key: Scalars['String']['input'];
  /** Weight of the sum of absolute parameters in the loss. */
  l1: Scalars['Float']['input'];
  /** Step size of Adam. */
  learningRate: Scalars['Float']['input'];
  /** Patches in one step, 1 to 65536: larger bags are sampled, anew in each epoch. Predictions always read whole bags. */
  maxPatchesPerStep: Scalars['Int']['input'];
  /** How weight decay acts. */
  optimiser: MilOptimiser;
  /** Stop when the validation loss has not fallen for so many epochs, 1 to 10000. */
  patience: Scalars['Int']['input'];
  /** Which patients; all that have vectors and a label when omitted. */
  patients?: InputMaybe<PatientFilter>;
  /** Patients in one step of the optimiser, 1 to 4096. */
  patientsPerStep: Scalars['Int']['input'];
  /** Seed of folds, first parameters, samples and dropout: the same seed gives the same folds, and metrics up to float noise. */
  seed: Scalars['Int']['input'];
  /** Which slides of them; all with vectors when omitted. */
  slides?: InputMaybe<SlideFilter>;
  /** How patients are parted into those trained and tested on; five stratified folds when omitted. */
  splits?: InputMaybe<SplitsInput>;
  /** What to predict. */
  task: MilTaskInput;
  /** What gets one prediction. */
  unit: MilUnit;
  /** Weight decay; with ADAM it is added to the gradient, as PyTorch's Adam(weight_decay). */
  weightDecay: Scalars['Float']['input'];
};

/** How a lineage is known. */
export type Trust =
  /** Imported: the importer says so, nobody here has checked. */
  | 'DECLARED'
  /** Computed here, from sources whose checksums were taken. */
  | 'VERIFIED';

/** A place that waits for a file's bytes. */
export type Upload = {
  __typename?: 'Upload';
  /** After this the upload is gone. */
  expiresAt: Scalars['DateTime']['output'];
  /** Names the upload in `importClinical` and other mutations. */
  id: Scalars['ID']['output'];
  /** Send the bytes here with HTTP PUT, once. */
  url: Scalars['String']['output'];
};

/** A new upload, or why there is none. */
export type UploadPayload = {
  __typename?: 'UploadPayload';
  /** What was wrong with the input. */
  errors: Array<UserError>;
  /** Where to send the bytes. */
  upload?: Maybe<Upload>;
};

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

/** A process that takes jobs: `histoql serve` itself, or a `histoql worker` on any machine. */
export type Worker = {
  __typename?: 'Worker';
  /** How many jobs of each kind it takes at a time. */
  concurrency: Scalars['Int']['output'];
  /** What it was told to compute on. */
  devices: Array<Scalars['String']['output']>;
  /** When it was last heard of. When it is silent for longer than a lease, others take over what it holds. */
  heartbeatAt: Scalars['DateTime']['output'];
  /** Which jobs it takes. */
  kinds: Array<JobKind>;
  /** What it was named when it was started; it says nothing of its machine. */
  name: Scalars['String']['output'];
  /** How many jobs it holds at the moment. */
  running: Scalars['Int']['output'];
  /** Since when. */
  startedAt: Scalars['DateTime']['output'];
  /** Whether it takes more. */
  state: WorkerState;
  /** Its version of HistoQL. */
  version: Scalars['String']['output'];
};

/** Whether a worker takes more jobs. */
export type WorkerState =
  /** It was told to stop, and hands back what it has at the next batch. */
  | 'DRAINING'
  /** It has ended in good order. */
  | 'STOPPED'
  /** It takes jobs. */
  | 'WORKING';



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



/** Mapping of union types */
export type ResolversUnionTypes<_RefType extends Record<string, unknown>> = {
  MilTask:
    | ( ClassificationTask & { __typename: 'ClassificationTask' } )
    | ( RegressionTask & { __typename: 'RegressionTask' } )
    | ( SurvivalTask & { __typename: 'SurvivalTask' } )
  ;
};

/** Mapping of interface types */
export type ResolversInterfaceTypes<_RefType extends Record<string, unknown>> = {
  Derived:
    | ( CodebookMapper & { __typename: 'Codebook' } )
    | ( FeatureSetMapper & { __typename: 'FeatureSet' } )
    | ( MilModelMapper & { __typename: 'MilModel' } )
    | ( MilScoreMapper & { __typename: 'MilScore' } )
    | ( PatchGridMapper & { __typename: 'PatchGrid' } )
  ;
  Node:
    | ( CodebookMapper & { __typename: 'Codebook' } )
    | ( CohortMapper & { __typename: 'Cohort' } )
    | ( EncoderMapper & { __typename: 'Encoder' } )
    | ( FeatureSetMapper & { __typename: 'FeatureSet' } )
    | ( JobMapper & { __typename: 'Job' } )
    | ( MilModelMapper & { __typename: 'MilModel' } )
    | ( MilScoreMapper & { __typename: 'MilScore' } )
    | ( PatchMapper & { __typename: 'Patch' } )
    | ( PatchGridMapper & { __typename: 'PatchGrid' } )
    | ( PatientMapper & { __typename: 'Patient' } )
    | ( PhenotypeMapper & { __typename: 'Phenotype' } )
    | ( SlideMapper & { __typename: 'Slide' } )
    | ( StudyMapper & { __typename: 'Study' } )
  ;
};

/** Mapping between all available schema types and the resolvers types */
export type ResolversTypes = {
  AttendedPatch: ResolverTypeWrapper<Omit<AttendedPatch, 'patch'> & { patch: ResolversTypes['Patch'] }>;
  Float: ResolverTypeWrapper<Scalars['Float']['output']>;
  AttendedPhenotype: ResolverTypeWrapper<Omit<AttendedPhenotype, 'phenotype'> & { phenotype?: Maybe<ResolversTypes['Phenotype']> }>;
  Int: ResolverTypeWrapper<Scalars['Int']['output']>;
  Attribute: ResolverTypeWrapper<AttributeMapper>;
  String: ResolverTypeWrapper<Scalars['String']['output']>;
  AttributeGrouping: AttributeGrouping;
  AttributeInput: AttributeInput;
  AttributeLevel: ResolverTypeWrapper<'PATIENT' | 'SLIDE'>;
  AttributeType: ResolverTypeWrapper<'NUMBER' | 'CATEGORY' | 'BOOLEAN' | 'TEXT'>;
  Baseline: ResolverTypeWrapper<Baseline>;
  BuildCodebookInput: BuildCodebookInput;
  Boolean: ResolverTypeWrapper<Scalars['Boolean']['output']>;
  ID: ResolverTypeWrapper<Scalars['ID']['output']>;
  BuildSearchIndexInput: BuildSearchIndexInput;
  ClassificationTask: ResolverTypeWrapper<ClassificationTask>;
  Codebook: ResolverTypeWrapper<CodebookMapper>;
  CodebookChoice: ResolverTypeWrapper<CodebookChoice>;
  CodebookChoiceInput: CodebookChoiceInput;
  CodebookChoiceRow: ResolverTypeWrapper<CodebookChoiceRow>;
  CodebookScope: ResolverTypeWrapper<'STUDY' | 'COHORT' | 'PATIENT'>;
  Cohort: ResolverTypeWrapper<CohortMapper>;
  CohortComparison: ResolverTypeWrapper<CohortComparisonMapper>;
  CohortPayload: ResolverTypeWrapper<Omit<CohortPayload, 'cohort' | 'errors'> & { cohort?: Maybe<ResolversTypes['Cohort']>, errors: Array<ResolversTypes['UserError']> }>;
  CompareCohortsInput: CompareCohortsInput;
  ComparisonRow: ResolverTypeWrapper<ComparisonRow>;
  CoxInput: CoxInput;
  CoxModel: ResolverTypeWrapper<CoxModel>;
  CoxTerm: ResolverTypeWrapper<CoxTerm>;
  CoxTies: ResolverTypeWrapper<'EFRON' | 'BRESLOW'>;
  CreateStudyInput: CreateStudyInput;
  CreateUploadInput: CreateUploadInput;
  DateTime: ResolverTypeWrapper<Scalars['DateTime']['output']>;
  Derived: ResolverTypeWrapper<ResolversInterfaceTypes<ResolversTypes>['Derived']>;
  Direction: ResolverTypeWrapper<'ASC' | 'DESC'>;
  EmbedSlidesInput: EmbedSlidesInput;
  EmbedSlidesPayload: ResolverTypeWrapper<Omit<EmbedSlidesPayload, 'errors' | 'featureSet' | 'job'> & { errors: Array<ResolversTypes['UserError']>, featureSet?: Maybe<ResolversTypes['FeatureSet']>, job?: Maybe<ResolversTypes['Job']> }>;
  Encoder: ResolverTypeWrapper<EncoderMapper>;
  EncoderModel: ResolverTypeWrapper<EncoderModelMapper>;
  EncoderPayload: ResolverTypeWrapper<Omit<EncoderPayload, 'encoder' | 'errors'> & { encoder?: Maybe<ResolversTypes['Encoder']>, errors: Array<ResolversTypes['UserError']> }>;
  Enrichment: ResolverTypeWrapper<Enrichment>;
  ErrorCode: ResolverTypeWrapper<'BAD_ARGUMENT' | 'NOT_FOUND' | 'CONFLICT' | 'FORBIDDEN' | 'LIMIT_EXCEEDED' | 'FILE_NOT_FOUND' | 'FORMAT_UNSUPPORTED' | 'SLIDE_CORRUPT' | 'SLIDE_HAS_NO_IMAGE' | 'RESOLUTION_UNKNOWN' | 'NOT_BRIGHTFIELD' | 'NO_TISSUE' | 'MIXED_STAINS' | 'ENCODER_HAS_NO_MODEL' | 'DIMENSION_MISMATCH' | 'NOT_AN_IMAGE' | 'NOT_FINITE' | 'COLUMN_UNKNOWN' | 'VALUE_UNPARSABLE' | 'DUPLICATE_KEY' | 'TYPE_MISMATCH' | 'TOO_FEW_PATIENTS' | 'ALL_CENSORED' | 'CLASS_TOO_SMALL' | 'LEAKAGE' | 'MODEL_INCOMPATIBLE' | 'STORE_TOO_SMALL' | 'INTERNAL'>;
  Estimate: ResolverTypeWrapper<Estimate>;
  Excluded: ResolverTypeWrapper<Excluded>;
  ExportFeaturesInput: ExportFeaturesInput;
  ExportFormat: ResolverTypeWrapper<'ARROW_STREAM' | 'PARQUET' | 'TRIDENT_H5' | 'CLAM_H5'>;
  ExportPayload: ResolverTypeWrapper<Omit<ExportPayload, 'errors' | 'job'> & { errors: Array<ResolversTypes['UserError']>, job?: Maybe<ResolversTypes['Job']> }>;
  Facet: ResolverTypeWrapper<Omit<Facet, 'attribute'> & { attribute: ResolversTypes['Attribute'] }>;
  FacetBin: ResolverTypeWrapper<FacetBin>;
  FacetCategory: ResolverTypeWrapper<FacetCategory>;
  FeatureLayout: ResolverTypeWrapper<'CLAM_H5' | 'TRIDENT_H5' | 'DEEP_ATTN_MISL_NPZ' | 'ARROW' | 'PARQUET'>;
  FeatureLevel: ResolverTypeWrapper<'PATCH' | 'SLIDE' | 'PATIENT'>;
  FeatureSet: ResolverTypeWrapper<FeatureSetMapper>;
  FoldsInput: FoldsInput;
  GridInput: GridInput;
  ImageInput: ImageInput;
  ImportClinicalInput: ImportClinicalInput;
  ImportClinicalPayload: ResolverTypeWrapper<Omit<ImportClinicalPayload, 'attributes' | 'conflicts' | 'errors'> & { attributes: Array<ResolversTypes['Attribute']>, conflicts: Array<ResolversTypes['UserError']>, errors: Array<ResolversTypes['UserError']> }>;
  ImportFeaturesInput: ImportFeaturesInput;
  ImportMilModelInput: ImportMilModelInput;
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
  LabelTaskInput: LabelTaskInput;
  Lineage: ResolverTypeWrapper<Omit<Lineage, 'trust'> & { trust: ResolversTypes['Trust'] }>;
  Metric: ResolverTypeWrapper<Metric>;
  MilArchitecture: ResolverTypeWrapper<'DEEP_ATTN_MISL' | 'ABMIL' | 'GATED_ABMIL' | 'SELF_ATTENTION' | 'MEAN_POOL' | 'MAX_POOL' | 'IMPORTED'>;
  MilEpoch: ResolverTypeWrapper<MilEpoch>;
  MilFold: ResolverTypeWrapper<MilFoldMapper>;
  MilModel: ResolverTypeWrapper<MilModelMapper>;
  MilModelPayload: ResolverTypeWrapper<Omit<MilModelPayload, 'errors' | 'model'> & { errors: Array<ResolversTypes['UserError']>, model?: Maybe<ResolversTypes['MilModel']> }>;
  MilOptimiser: ResolverTypeWrapper<'ADAM' | 'ADAMW'>;
  MilScore: ResolverTypeWrapper<MilScoreMapper>;
  MilScoreConnection: ResolverTypeWrapper<MilScoreConnectionMapper>;
  MilScoreEdge: ResolverTypeWrapper<Omit<MilScoreEdge, 'node'> & { node: ResolversTypes['MilScore'] }>;
  MilTask: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['MilTask']>;
  MilTaskInput: MilTaskInput;
  MilUnit: ResolverTypeWrapper<'PATIENT' | 'SLIDE'>;
  Mutation: ResolverTypeWrapper<Record<PropertyKey, never>>;
  NamePhenotypeInput: NamePhenotypeInput;
  Node: ResolverTypeWrapper<ResolversInterfaceTypes<ResolversTypes>['Node']>;
  NumberRange: NumberRange;
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
  Phenotype: ResolverTypeWrapper<PhenotypeMapper>;
  PhenotypeGrouping: PhenotypeGrouping;
  PhenotypePayload: ResolverTypeWrapper<Omit<PhenotypePayload, 'errors' | 'phenotype'> & { errors: Array<ResolversTypes['UserError']>, phenotype?: Maybe<ResolversTypes['Phenotype']> }>;
  PhenotypeShare: ResolverTypeWrapper<PhenotypeShareMapper>;
  PhenotypeShareConnection: ResolverTypeWrapper<PhenotypeShareConnectionMapper>;
  PhenotypeShareEdge: ResolverTypeWrapper<Omit<PhenotypeShareEdge, 'node'> & { node: ResolversTypes['PhenotypeShare'] }>;
  Precision: ResolverTypeWrapper<'FLOAT32' | 'FLOAT16'>;
  Predicate: Predicate;
  PredicateTest: PredicateTest;
  PreprocessingInput: PreprocessingInput;
  Progress: ResolverTypeWrapper<Progress>;
  Query: ResolverTypeWrapper<Record<PropertyKey, never>>;
  RecallBasis: ResolverTypeWrapper<'EXACT' | 'CALIBRATED'>;
  ReduceFeatureSetInput: ReduceFeatureSetInput;
  RegionInput: RegionInput;
  RegisterEncoderInput: RegisterEncoderInput;
  RegisterSlidesInput: RegisterSlidesInput;
  RegisterSlidesPayload: ResolverTypeWrapper<Omit<RegisterSlidesPayload, 'errors' | 'slides'> & { errors: Array<ResolversTypes['UserError']>, slides: Array<ResolversTypes['Slide']> }>;
  RegressionTask: ResolverTypeWrapper<RegressionTask>;
  RiskGrouping: RiskGrouping;
  SaveCohortInput: SaveCohortInput;
  ScoreMilModelInput: ScoreMilModelInput;
  SearchIndex: ResolverTypeWrapper<SearchIndexMapper>;
  SearchReport: ResolverTypeWrapper<Omit<SearchReport, 'recallBasis' | 'strategy'> & { recallBasis: ResolversTypes['RecallBasis'], strategy: ResolversTypes['SearchStrategy'] }>;
  SearchStrategy: ResolverTypeWrapper<'EXACT' | 'PARTITION_INDEX' | 'PARTIAL_INDEX' | 'ITERATIVE_INDEX' | 'CLUSTERED'>;
  SetDistance: ResolverTypeWrapper<'MEAN' | 'MEDIAN_OF_MIN' | 'PHENOTYPE_SETS' | 'PHENOTYPE_SHARES'>;
  SetSlideResolutionInput: SetSlideResolutionInput;
  SimilarPatch: ResolverTypeWrapper<SimilarPatchMapper>;
  SimilarPatches: ResolverTypeWrapper<Omit<SimilarPatches, 'hits' | 'search'> & { hits: Array<ResolversTypes['SimilarPatch']>, search: ResolversTypes['SearchReport'] }>;
  SimilarPatchesInput: SimilarPatchesInput;
  SimilarPatient: ResolverTypeWrapper<SimilarPatientMapper>;
  SimilarPatients: ResolverTypeWrapper<Omit<SimilarPatients, 'hits' | 'search'> & { hits: Array<ResolversTypes['SimilarPatient']>, search: ResolversTypes['SearchReport'] }>;
  SimilarPatientsInput: SimilarPatientsInput;
  SimilarPhenotype: ResolverTypeWrapper<SimilarPhenotypeMapper>;
  SimilarPhenotypes: ResolverTypeWrapper<Omit<SimilarPhenotypes, 'hits'> & { hits: Array<ResolversTypes['SimilarPhenotype']> }>;
  SimilarPhenotypesInput: SimilarPhenotypesInput;
  SimilarSlide: ResolverTypeWrapper<SimilarSlideMapper>;
  SimilarSlides: ResolverTypeWrapper<Omit<SimilarSlides, 'hits' | 'search'> & { hits: Array<ResolversTypes['SimilarSlide']>, search: ResolversTypes['SearchReport'] }>;
  SimilarSlidesInput: SimilarSlidesInput;
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
  SplitsInput: SplitsInput;
  Stain: ResolverTypeWrapper<'HE' | 'IHC' | 'FLUORESCENCE' | 'OTHER' | 'UNKNOWN'>;
  StainNormalization: ResolverTypeWrapper<'NONE' | 'MACENKO' | 'REINHARD'>;
  Study: ResolverTypeWrapper<StudyMapper>;
  StudyConnection: ResolverTypeWrapper<StudyConnectionMapper>;
  StudyEdge: ResolverTypeWrapper<Omit<StudyEdge, 'node'> & { node: ResolversTypes['Study'] }>;
  StudyKey: StudyKey;
  StudyPayload: ResolverTypeWrapper<Omit<StudyPayload, 'errors' | 'study'> & { errors: Array<ResolversTypes['UserError']>, study?: Maybe<ResolversTypes['Study']> }>;
  Subscription: ResolverTypeWrapper<Record<PropertyKey, never>>;
  Survival: ResolverTypeWrapper<Survival>;
  SurvivalAnalysis: ResolverTypeWrapper<SurvivalAnalysisMapper>;
  SurvivalEndpoint: ResolverTypeWrapper<SurvivalEndpointMapper>;
  SurvivalEndpointInput: SurvivalEndpointInput;
  SurvivalGroup: ResolverTypeWrapper<SurvivalGroup>;
  SurvivalGrouping: SurvivalGrouping;
  SurvivalInput: SurvivalInput;
  SurvivalPoint: ResolverTypeWrapper<SurvivalPoint>;
  SurvivalTask: ResolverTypeWrapper<SurvivalTask>;
  SurvivalTaskInput: SurvivalTaskInput;
  Test: ResolverTypeWrapper<Test>;
  TileSlidesInput: TileSlidesInput;
  TimeUnit: ResolverTypeWrapper<'DAYS' | 'WEEKS' | 'MONTHS' | 'YEARS'>;
  TissueMethod: ResolverTypeWrapper<'OTSU' | 'FIXED' | 'DARKFIELD' | 'NONE'>;
  TrainMilModelInput: TrainMilModelInput;
  Trust: ResolverTypeWrapper<'VERIFIED' | 'DECLARED'>;
  Upload: ResolverTypeWrapper<Upload>;
  UploadPayload: ResolverTypeWrapper<Omit<UploadPayload, 'errors'> & { errors: Array<ResolversTypes['UserError']> }>;
  UserError: ResolverTypeWrapper<Omit<UserError, 'code'> & { code: ResolversTypes['ErrorCode'] }>;
  Vector: ResolverTypeWrapper<Scalars['Vector']['output']>;
  Viewer: ResolverTypeWrapper<Viewer>;
  Worker: ResolverTypeWrapper<WorkerMapper>;
  WorkerState: ResolverTypeWrapper<'WORKING' | 'DRAINING' | 'STOPPED'>;
};

/** Mapping between all available schema types and the resolvers parents */
export type ResolversParentTypes = {
  AttendedPatch: Omit<AttendedPatch, 'patch'> & { patch: ResolversParentTypes['Patch'] };
  Float: Scalars['Float']['output'];
  AttendedPhenotype: Omit<AttendedPhenotype, 'phenotype'> & { phenotype?: Maybe<ResolversParentTypes['Phenotype']> };
  Int: Scalars['Int']['output'];
  Attribute: AttributeMapper;
  String: Scalars['String']['output'];
  AttributeGrouping: AttributeGrouping;
  AttributeInput: AttributeInput;
  Baseline: Baseline;
  BuildCodebookInput: BuildCodebookInput;
  Boolean: Scalars['Boolean']['output'];
  ID: Scalars['ID']['output'];
  BuildSearchIndexInput: BuildSearchIndexInput;
  ClassificationTask: ClassificationTask;
  Codebook: CodebookMapper;
  CodebookChoice: CodebookChoice;
  CodebookChoiceInput: CodebookChoiceInput;
  CodebookChoiceRow: CodebookChoiceRow;
  Cohort: CohortMapper;
  CohortComparison: CohortComparisonMapper;
  CohortPayload: Omit<CohortPayload, 'cohort' | 'errors'> & { cohort?: Maybe<ResolversParentTypes['Cohort']>, errors: Array<ResolversParentTypes['UserError']> };
  CompareCohortsInput: CompareCohortsInput;
  ComparisonRow: ComparisonRow;
  CoxInput: CoxInput;
  CoxModel: CoxModel;
  CoxTerm: CoxTerm;
  CreateStudyInput: CreateStudyInput;
  CreateUploadInput: CreateUploadInput;
  DateTime: Scalars['DateTime']['output'];
  Derived: ResolversInterfaceTypes<ResolversParentTypes>['Derived'];
  EmbedSlidesInput: EmbedSlidesInput;
  EmbedSlidesPayload: Omit<EmbedSlidesPayload, 'errors' | 'featureSet' | 'job'> & { errors: Array<ResolversParentTypes['UserError']>, featureSet?: Maybe<ResolversParentTypes['FeatureSet']>, job?: Maybe<ResolversParentTypes['Job']> };
  Encoder: EncoderMapper;
  EncoderModel: EncoderModelMapper;
  EncoderPayload: Omit<EncoderPayload, 'encoder' | 'errors'> & { encoder?: Maybe<ResolversParentTypes['Encoder']>, errors: Array<ResolversParentTypes['UserError']> };
  Enrichment: Enrichment;
  Estimate: Estimate;
  Excluded: Excluded;
  ExportFeaturesInput: ExportFeaturesInput;
  ExportPayload: Omit<ExportPayload, 'errors' | 'job'> & { errors: Array<ResolversParentTypes['UserError']>, job?: Maybe<ResolversParentTypes['Job']> };
  Facet: Omit<Facet, 'attribute'> & { attribute: ResolversParentTypes['Attribute'] };
  FacetBin: FacetBin;
  FacetCategory: FacetCategory;
  FeatureSet: FeatureSetMapper;
  FoldsInput: FoldsInput;
  GridInput: GridInput;
  ImageInput: ImageInput;
  ImportClinicalInput: ImportClinicalInput;
  ImportClinicalPayload: Omit<ImportClinicalPayload, 'attributes' | 'conflicts' | 'errors'> & { attributes: Array<ResolversParentTypes['Attribute']>, conflicts: Array<ResolversParentTypes['UserError']>, errors: Array<ResolversParentTypes['UserError']> };
  ImportFeaturesInput: ImportFeaturesInput;
  ImportMilModelInput: ImportMilModelInput;
  JSON: Scalars['JSON']['output'];
  Job: JobMapper;
  JobConnection: JobConnectionMapper;
  JobEdge: Omit<JobEdge, 'node'> & { node: ResolversParentTypes['Job'] };
  JobFailure: JobFailureMapper;
  JobFailureConnection: JobFailureConnectionMapper;
  JobFailureEdge: Omit<JobFailureEdge, 'node'> & { node: ResolversParentTypes['JobFailure'] };
  JobPayload: Omit<JobPayload, 'errors' | 'job'> & { errors: Array<ResolversParentTypes['UserError']>, job?: Maybe<ResolversParentTypes['Job']> };
  LabelTaskInput: LabelTaskInput;
  Lineage: Lineage;
  Metric: Metric;
  MilEpoch: MilEpoch;
  MilFold: MilFoldMapper;
  MilModel: MilModelMapper;
  MilModelPayload: Omit<MilModelPayload, 'errors' | 'model'> & { errors: Array<ResolversParentTypes['UserError']>, model?: Maybe<ResolversParentTypes['MilModel']> };
  MilScore: MilScoreMapper;
  MilScoreConnection: MilScoreConnectionMapper;
  MilScoreEdge: Omit<MilScoreEdge, 'node'> & { node: ResolversParentTypes['MilScore'] };
  MilTask: ResolversUnionTypes<ResolversParentTypes>['MilTask'];
  MilTaskInput: MilTaskInput;
  Mutation: Record<PropertyKey, never>;
  NamePhenotypeInput: NamePhenotypeInput;
  Node: ResolversInterfaceTypes<ResolversParentTypes>['Node'];
  NumberRange: NumberRange;
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
  Phenotype: PhenotypeMapper;
  PhenotypeGrouping: PhenotypeGrouping;
  PhenotypePayload: Omit<PhenotypePayload, 'errors' | 'phenotype'> & { errors: Array<ResolversParentTypes['UserError']>, phenotype?: Maybe<ResolversParentTypes['Phenotype']> };
  PhenotypeShare: PhenotypeShareMapper;
  PhenotypeShareConnection: PhenotypeShareConnectionMapper;
  PhenotypeShareEdge: Omit<PhenotypeShareEdge, 'node'> & { node: ResolversParentTypes['PhenotypeShare'] };
  Predicate: Predicate;
  PredicateTest: PredicateTest;
  PreprocessingInput: PreprocessingInput;
  Progress: Progress;
  Query: Record<PropertyKey, never>;
  ReduceFeatureSetInput: ReduceFeatureSetInput;
  RegionInput: RegionInput;
  RegisterEncoderInput: RegisterEncoderInput;
  RegisterSlidesInput: RegisterSlidesInput;
  RegisterSlidesPayload: Omit<RegisterSlidesPayload, 'errors' | 'slides'> & { errors: Array<ResolversParentTypes['UserError']>, slides: Array<ResolversParentTypes['Slide']> };
  RegressionTask: RegressionTask;
  RiskGrouping: RiskGrouping;
  SaveCohortInput: SaveCohortInput;
  ScoreMilModelInput: ScoreMilModelInput;
  SearchIndex: SearchIndexMapper;
  SearchReport: SearchReport;
  SetSlideResolutionInput: SetSlideResolutionInput;
  SimilarPatch: SimilarPatchMapper;
  SimilarPatches: Omit<SimilarPatches, 'hits' | 'search'> & { hits: Array<ResolversParentTypes['SimilarPatch']>, search: ResolversParentTypes['SearchReport'] };
  SimilarPatchesInput: SimilarPatchesInput;
  SimilarPatient: SimilarPatientMapper;
  SimilarPatients: Omit<SimilarPatients, 'hits' | 'search'> & { hits: Array<ResolversParentTypes['SimilarPatient']>, search: ResolversParentTypes['SearchReport'] };
  SimilarPatientsInput: SimilarPatientsInput;
  SimilarPhenotype: SimilarPhenotypeMapper;
  SimilarPhenotypes: Omit<SimilarPhenotypes, 'hits'> & { hits: Array<ResolversParentTypes['SimilarPhenotype']> };
  SimilarPhenotypesInput: SimilarPhenotypesInput;
  SimilarSlide: SimilarSlideMapper;
  SimilarSlides: Omit<SimilarSlides, 'hits' | 'search'> & { hits: Array<ResolversParentTypes['SimilarSlide']>, search: ResolversParentTypes['SearchReport'] };
  SimilarSlidesInput: SimilarSlidesInput;
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
  SplitsInput: SplitsInput;
  Study: StudyMapper;
  StudyConnection: StudyConnectionMapper;
  StudyEdge: Omit<StudyEdge, 'node'> & { node: ResolversParentTypes['Study'] };
  StudyKey: StudyKey;
  StudyPayload: Omit<StudyPayload, 'errors' | 'study'> & { errors: Array<ResolversParentTypes['UserError']>, study?: Maybe<ResolversParentTypes['Study']> };
  Subscription: Record<PropertyKey, never>;
  Survival: Survival;
  SurvivalAnalysis: SurvivalAnalysisMapper;
  SurvivalEndpoint: SurvivalEndpointMapper;
  SurvivalEndpointInput: SurvivalEndpointInput;
  SurvivalGroup: SurvivalGroup;
  SurvivalGrouping: SurvivalGrouping;
  SurvivalInput: SurvivalInput;
  SurvivalPoint: SurvivalPoint;
  SurvivalTask: SurvivalTask;
  SurvivalTaskInput: SurvivalTaskInput;
  Test: Test;
  TileSlidesInput: TileSlidesInput;
  TrainMilModelInput: TrainMilModelInput;
  Upload: Upload;
  UploadPayload: Omit<UploadPayload, 'errors'> & { errors: Array<ResolversParentTypes['UserError']> };
  UserError: UserError;
  Vector: Scalars['Vector']['output'];
  Viewer: Viewer;
  Worker: WorkerMapper;
};

export type AttendedPatchResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['AttendedPatch'] = ResolversParentTypes['AttendedPatch']> = {
  attention?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  patch?: Resolver<ResolversTypes['Patch'], ParentType, ContextType>;
};

export type AttendedPhenotypeResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['AttendedPhenotype'] = ResolversParentTypes['AttendedPhenotype']> = {
  attention?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  index?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  phenotype?: Resolver<Maybe<ResolversTypes['Phenotype']>, ParentType, ContextType>;
};

export type AttributeResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['Attribute'] = ResolversParentTypes['Attribute']> = {
  categories?: Resolver<Maybe<Array<ResolversTypes['String']>>, ParentType, ContextType>;
  key?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  label?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  level?: Resolver<ResolversTypes['AttributeLevel'], ParentType, ContextType>;
  missing?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  type?: Resolver<ResolversTypes['AttributeType'], ParentType, ContextType>;
  unit?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
};

export type AttributeLevelResolvers = EnumResolverSignature<{ PATIENT?: any, SLIDE?: any }, ResolversTypes['AttributeLevel']>;

export type AttributeTypeResolvers = EnumResolverSignature<{ BOOLEAN?: any, CATEGORY?: any, NUMBER?: any, TEXT?: any }, ResolversTypes['AttributeType']>;

export type BaselineResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['Baseline'] = ResolversParentTypes['Baseline']> = {
  metrics?: Resolver<Array<ResolversTypes['Metric']>, ParentType, ContextType>;
  name?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
};

export type ClassificationTaskResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['ClassificationTask'] = ResolversParentTypes['ClassificationTask']> = {
  attribute?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  classes?: Resolver<Array<ResolversTypes['String']>, ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type CodebookResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['Codebook'] = ResolversParentTypes['Codebook']> = {
  clusters?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  cohort?: Resolver<Maybe<ResolversTypes['Cohort']>, ParentType, ContextType>;
  explainedVariance?: Resolver<Maybe<Array<ResolversTypes['Float']>>, ParentType, ContextType>;
  featureSet?: Resolver<ResolversTypes['FeatureSet'], ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  inertia?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  lineage?: Resolver<ResolversTypes['Lineage'], ParentType, ContextType>;
  patient?: Resolver<Maybe<ResolversTypes['Patient']>, ParentType, ContextType>;
  phenotypes?: Resolver<Array<ResolversTypes['Phenotype']>, ParentType, ContextType>;
  scope?: Resolver<ResolversTypes['CodebookScope'], ParentType, ContextType>;
  seed?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  silhouette?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type CodebookChoiceResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['CodebookChoice'] = ResolversParentTypes['CodebookChoice']> = {
  patches?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  rows?: Resolver<Array<ResolversTypes['CodebookChoiceRow']>, ParentType, ContextType>;
  sampled?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
};

export type CodebookChoiceRowResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['CodebookChoiceRow'] = ResolversParentTypes['CodebookChoiceRow']> = {
  clusters?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  inertiaPerPatch?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  silhouette?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
  stability?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
};

export type CodebookScopeResolvers = EnumResolverSignature<{ COHORT?: any, PATIENT?: any, STUDY?: any }, ResolversTypes['CodebookScope']>;

export type CohortResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['Cohort'] = ResolversParentTypes['Cohort']> = {
  createdAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  facets?: Resolver<Array<ResolversTypes['Facet']>, ParentType, ContextType, RequireFields<CohortfacetsArgs, 'attributes'>>;
  filter?: Resolver<Maybe<ResolversTypes['JSON']>, ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  isFrozen?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  key?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  name?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  patients?: Resolver<ResolversTypes['PatientConnection'], ParentType, ContextType, RequireFields<CohortpatientsArgs, 'first'>>;
  slides?: Resolver<ResolversTypes['SlideConnection'], ParentType, ContextType, RequireFields<CohortslidesArgs, 'first'>>;
  study?: Resolver<ResolversTypes['Study'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type CohortComparisonResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['CohortComparison'] = ResolversParentTypes['CohortComparison']> = {
  featureDistance?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
  phenotypes?: Resolver<Maybe<Array<ResolversTypes['ComparisonRow']>>, ParentType, ContextType>;
  rows?: Resolver<Array<ResolversTypes['ComparisonRow']>, ParentType, ContextType>;
  typicalOfA?: Resolver<Maybe<Array<ResolversTypes['SimilarPatch']>>, ParentType, ContextType>;
  typicalOfB?: Resolver<Maybe<Array<ResolversTypes['SimilarPatch']>>, ParentType, ContextType>;
};

export type CohortPayloadResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['CohortPayload'] = ResolversParentTypes['CohortPayload']> = {
  cohort?: Resolver<Maybe<ResolversTypes['Cohort']>, ParentType, ContextType>;
  errors?: Resolver<Array<ResolversTypes['UserError']>, ParentType, ContextType>;
};

export type ComparisonRowResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['ComparisonRow'] = ResolversParentTypes['ComparisonRow']> = {
  a?: Resolver<ResolversTypes['JSON'], ParentType, ContextType>;
  b?: Resolver<ResolversTypes['JSON'], ParentType, ContextType>;
  name?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  pValue?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
  qValue?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
  statistic?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
  test?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
};

export type CoxModelResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['CoxModel'] = ResolversParentTypes['CoxModel']> = {
  concordance?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  concordanceStandardError?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  events?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  likelihoodRatio?: Resolver<ResolversTypes['Test'], ParentType, ContextType>;
  logLikelihood?: Resolver<Array<ResolversTypes['Float']>, ParentType, ContextType>;
  patients?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  proportionality?: Resolver<Array<ResolversTypes['Test']>, ParentType, ContextType>;
  score?: Resolver<ResolversTypes['Test'], ParentType, ContextType>;
  terms?: Resolver<Array<ResolversTypes['CoxTerm']>, ParentType, ContextType>;
  wald?: Resolver<ResolversTypes['Test'], ParentType, ContextType>;
};

export type CoxTermResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['CoxTerm'] = ResolversParentTypes['CoxTerm']> = {
  coefficient?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  hazardRatio?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  lower?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  name?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  pValue?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  standardError?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  upper?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  z?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
};

export type CoxTiesResolvers = EnumResolverSignature<{ BRESLOW?: any, EFRON?: any }, ResolversTypes['CoxTies']>;

export interface DateTimeScalarConfig extends GraphQLScalarTypeConfig<ResolversTypes['DateTime'], any> {
  name: 'DateTime';
}

export type DerivedResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['Derived'] = ResolversParentTypes['Derived']> = {
  __resolveType?: TypeResolveFn<'Codebook' | 'FeatureSet' | 'MilModel' | 'MilScore' | 'PatchGrid', ParentType, ContextType>;
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

export type EnrichmentResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['Enrichment'] = ResolversParentTypes['Enrichment']> = {
  category?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  lower?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
  oddsRatio?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
  pValue?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  qValue?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  share?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  test?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  upper?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
};

export type ErrorCodeResolvers = EnumResolverSignature<{ ALL_CENSORED?: any, BAD_ARGUMENT?: any, CLASS_TOO_SMALL?: any, COLUMN_UNKNOWN?: any, CONFLICT?: any, DIMENSION_MISMATCH?: any, DUPLICATE_KEY?: any, ENCODER_HAS_NO_MODEL?: any, FILE_NOT_FOUND?: any, FORBIDDEN?: any, FORMAT_UNSUPPORTED?: any, INTERNAL?: any, LEAKAGE?: any, LIMIT_EXCEEDED?: any, MIXED_STAINS?: any, MODEL_INCOMPATIBLE?: any, NOT_AN_IMAGE?: any, NOT_BRIGHTFIELD?: any, NOT_FINITE?: any, NOT_FOUND?: any, NO_TISSUE?: any, RESOLUTION_UNKNOWN?: any, SLIDE_CORRUPT?: any, SLIDE_HAS_NO_IMAGE?: any, STORE_TOO_SMALL?: any, TOO_FEW_PATIENTS?: any, TYPE_MISMATCH?: any, VALUE_UNPARSABLE?: any }, ResolversTypes['ErrorCode']>;

export type EstimateResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['Estimate'] = ResolversParentTypes['Estimate']> = {
  estimate?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
  lower?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
  upper?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
};

export type ExcludedResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['Excluded'] = ResolversParentTypes['Excluded']> = {
  patients?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  reason?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
};

export type ExportFormatResolvers = EnumResolverSignature<{ ARROW_STREAM?: any, CLAM_H5?: any, PARQUET?: any, TRIDENT_H5?: any }, ResolversTypes['ExportFormat']>;

export type ExportPayloadResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['ExportPayload'] = ResolversParentTypes['ExportPayload']> = {
  bytes?: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
  errors?: Resolver<Array<ResolversTypes['UserError']>, ParentType, ContextType>;
  expiresAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  job?: Resolver<Maybe<ResolversTypes['Job']>, ParentType, ContextType>;
  rows?: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
  slidesLeftOut?: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
  url?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
};

export type FacetResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['Facet'] = ResolversParentTypes['Facet']> = {
  attribute?: Resolver<ResolversTypes['Attribute'], ParentType, ContextType>;
  categories?: Resolver<Maybe<Array<ResolversTypes['FacetCategory']>>, ParentType, ContextType>;
  histogram?: Resolver<Maybe<Array<ResolversTypes['FacetBin']>>, ParentType, ContextType>;
  maximum?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
  median?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
  minimum?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
  missing?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
};

export type FacetBinResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['FacetBin'] = ResolversParentTypes['FacetBin']> = {
  count?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  from?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  to?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
};

export type FacetCategoryResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['FacetCategory'] = ResolversParentTypes['FacetCategory']> = {
  count?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  value?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
};

export type FeatureLayoutResolvers = EnumResolverSignature<{ ARROW?: any, CLAM_H5?: any, DEEP_ATTN_MISL_NPZ?: any, PARQUET?: any, TRIDENT_H5?: any }, ResolversTypes['FeatureLayout']>;

export type FeatureLevelResolvers = EnumResolverSignature<{ PATCH?: any, PATIENT?: any, SLIDE?: any }, ResolversTypes['FeatureLevel']>;

export type FeatureSetResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['FeatureSet'] = ResolversParentTypes['FeatureSet']> = {
  codebooks?: Resolver<Array<ResolversTypes['Codebook']>, ParentType, ContextType>;
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
  searchIndexes?: Resolver<Array<ResolversTypes['SearchIndex']>, ParentType, ContextType>;
  slides?: Resolver<ResolversTypes['SlideConnection'], ParentType, ContextType, RequireFields<FeatureSetslidesArgs, 'first'>>;
  study?: Resolver<ResolversTypes['Study'], ParentType, ContextType>;
  vectors?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type ImportClinicalPayloadResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['ImportClinicalPayload'] = ResolversParentTypes['ImportClinicalPayload']> = {
  attributes?: Resolver<Array<ResolversTypes['Attribute']>, ParentType, ContextType>;
  changed?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  conflicts?: Resolver<Array<ResolversTypes['UserError']>, ParentType, ContextType>;
  created?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  errors?: Resolver<Array<ResolversTypes['UserError']>, ParentType, ContextType>;
  unchanged?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  unlinked?: Resolver<Array<ResolversTypes['String']>, ParentType, ContextType>;
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

export type MetricResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['Metric'] = ResolversParentTypes['Metric']> = {
  lower?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
  name?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  standardDeviation?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
  upper?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
  value?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
};

export type MilArchitectureResolvers = EnumResolverSignature<{ ABMIL?: any, DEEP_ATTN_MISL?: any, GATED_ABMIL?: any, IMPORTED?: any, MAX_POOL?: any, MEAN_POOL?: any, SELF_ATTENTION?: any }, ResolversTypes['MilArchitecture']>;

export type MilEpochResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['MilEpoch'] = ResolversParentTypes['MilEpoch']> = {
  index?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  metrics?: Resolver<Array<ResolversTypes['Metric']>, ParentType, ContextType>;
  trainLoss?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  validationLoss?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
};

export type MilFoldResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['MilFold'] = ResolversParentTypes['MilFold']> = {
  bestEpoch?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  epochs?: Resolver<Array<ResolversTypes['MilEpoch']>, ParentType, ContextType>;
  index?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  metrics?: Resolver<Array<ResolversTypes['Metric']>, ParentType, ContextType>;
  testPatients?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  trainPatients?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  validationPatients?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
};

export type MilModelResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['MilModel'] = ResolversParentTypes['MilModel']> = {
  architecture?: Resolver<ResolversTypes['MilArchitecture'], ParentType, ContextType>;
  baselines?: Resolver<Array<ResolversTypes['Baseline']>, ParentType, ContextType>;
  card?: Resolver<ResolversTypes['JSON'], ParentType, ContextType>;
  codebook?: Resolver<Maybe<ResolversTypes['Codebook']>, ParentType, ContextType>;
  cohort?: Resolver<Maybe<ResolversTypes['Cohort']>, ParentType, ContextType>;
  featureSet?: Resolver<ResolversTypes['FeatureSet'], ParentType, ContextType>;
  folds?: Resolver<Array<ResolversTypes['MilFold']>, ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  key?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  lineage?: Resolver<ResolversTypes['Lineage'], ParentType, ContextType>;
  metrics?: Resolver<Array<ResolversTypes['Metric']>, ParentType, ContextType>;
  onnxUrl?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  scores?: Resolver<ResolversTypes['MilScoreConnection'], ParentType, ContextType, RequireFields<MilModelscoresArgs, 'first'>>;
  task?: Resolver<ResolversTypes['MilTask'], ParentType, ContextType>;
  unit?: Resolver<ResolversTypes['MilUnit'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type MilModelPayloadResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['MilModelPayload'] = ResolversParentTypes['MilModelPayload']> = {
  errors?: Resolver<Array<ResolversTypes['UserError']>, ParentType, ContextType>;
  model?: Resolver<Maybe<ResolversTypes['MilModel']>, ParentType, ContextType>;
};

export type MilOptimiserResolvers = EnumResolverSignature<{ ADAM?: any, ADAMW?: any }, ResolversTypes['MilOptimiser']>;

export type MilScoreResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['MilScore'] = ResolversParentTypes['MilScore']> = {
  clusterAttention?: Resolver<Maybe<Array<ResolversTypes['AttendedPhenotype']>>, ParentType, ContextType>;
  fold?: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
  heatmapTilesUrl?: Resolver<ResolversTypes['String'], ParentType, ContextType, RequireFields<MilScoreheatmapTilesUrlArgs, 'slide'>>;
  heatmapUrl?: Resolver<ResolversTypes['String'], ParentType, ContextType, RequireFields<MilScoreheatmapUrlArgs, 'slide'>>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  isOutOfFold?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  lineage?: Resolver<ResolversTypes['Lineage'], ParentType, ContextType>;
  model?: Resolver<ResolversTypes['MilModel'], ParentType, ContextType>;
  patient?: Resolver<ResolversTypes['Patient'], ParentType, ContextType>;
  probabilities?: Resolver<Maybe<ResolversTypes['JSON']>, ParentType, ContextType>;
  risk?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
  slide?: Resolver<Maybe<ResolversTypes['Slide']>, ParentType, ContextType>;
  topPatches?: Resolver<Array<ResolversTypes['AttendedPatch']>, ParentType, ContextType, RequireFields<MilScoretopPatchesArgs, 'first'>>;
  value?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type MilScoreConnectionResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['MilScoreConnection'] = ResolversParentTypes['MilScoreConnection']> = {
  edges?: Resolver<Array<ResolversTypes['MilScoreEdge']>, ParentType, ContextType>;
  nodes?: Resolver<Array<ResolversTypes['MilScore']>, ParentType, ContextType>;
  pageInfo?: Resolver<ResolversTypes['PageInfo'], ParentType, ContextType>;
  totalCount?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
};

export type MilScoreEdgeResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['MilScoreEdge'] = ResolversParentTypes['MilScoreEdge']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  node?: Resolver<ResolversTypes['MilScore'], ParentType, ContextType>;
};

export type MilTaskResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['MilTask'] = ResolversParentTypes['MilTask']> = {
  __resolveType?: TypeResolveFn<'ClassificationTask' | 'RegressionTask' | 'SurvivalTask', ParentType, ContextType>;
};

export type MilUnitResolvers = EnumResolverSignature<{ PATIENT?: any, SLIDE?: any }, ResolversTypes['MilUnit']>;

export type MutationResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['Mutation'] = ResolversParentTypes['Mutation']> = {
  buildCodebook?: Resolver<ResolversTypes['JobPayload'], ParentType, ContextType, RequireFields<MutationbuildCodebookArgs, 'input'>>;
  buildSearchIndex?: Resolver<ResolversTypes['JobPayload'], ParentType, ContextType, RequireFields<MutationbuildSearchIndexArgs, 'input'>>;
  cancelJob?: Resolver<ResolversTypes['JobPayload'], ParentType, ContextType, RequireFields<MutationcancelJobArgs, 'id'>>;
  createStudy?: Resolver<ResolversTypes['StudyPayload'], ParentType, ContextType, RequireFields<MutationcreateStudyArgs, 'input'>>;
  createUpload?: Resolver<ResolversTypes['UploadPayload'], ParentType, ContextType, RequireFields<MutationcreateUploadArgs, 'input'>>;
  embedSlides?: Resolver<ResolversTypes['EmbedSlidesPayload'], ParentType, ContextType, RequireFields<MutationembedSlidesArgs, 'input'>>;
  exportFeatures?: Resolver<ResolversTypes['ExportPayload'], ParentType, ContextType, RequireFields<MutationexportFeaturesArgs, 'input'>>;
  importClinical?: Resolver<ResolversTypes['ImportClinicalPayload'], ParentType, ContextType, RequireFields<MutationimportClinicalArgs, 'input'>>;
  importFeatures?: Resolver<ResolversTypes['JobPayload'], ParentType, ContextType, RequireFields<MutationimportFeaturesArgs, 'input'>>;
  importMilModel?: Resolver<ResolversTypes['MilModelPayload'], ParentType, ContextType, RequireFields<MutationimportMilModelArgs, 'input'>>;
  namePhenotype?: Resolver<ResolversTypes['PhenotypePayload'], ParentType, ContextType, RequireFields<MutationnamePhenotypeArgs, 'input'>>;
  reduceFeatureSet?: Resolver<ResolversTypes['JobPayload'], ParentType, ContextType, RequireFields<MutationreduceFeatureSetArgs, 'input'>>;
  registerEncoder?: Resolver<ResolversTypes['EncoderPayload'], ParentType, ContextType, RequireFields<MutationregisterEncoderArgs, 'input'>>;
  registerSlides?: Resolver<ResolversTypes['RegisterSlidesPayload'], ParentType, ContextType, RequireFields<MutationregisterSlidesArgs, 'input'>>;
  retryJob?: Resolver<ResolversTypes['JobPayload'], ParentType, ContextType, RequireFields<MutationretryJobArgs, 'id'>>;
  saveCohort?: Resolver<ResolversTypes['CohortPayload'], ParentType, ContextType, RequireFields<MutationsaveCohortArgs, 'input'>>;
  scoreMilModel?: Resolver<ResolversTypes['JobPayload'], ParentType, ContextType, RequireFields<MutationscoreMilModelArgs, 'input'>>;
  setSlideResolution?: Resolver<ResolversTypes['SlidePayload'], ParentType, ContextType, RequireFields<MutationsetSlideResolutionArgs, 'input'>>;
  tileSlides?: Resolver<ResolversTypes['JobPayload'], ParentType, ContextType, RequireFields<MutationtileSlidesArgs, 'input'>>;
  trainMilModel?: Resolver<ResolversTypes['JobPayload'], ParentType, ContextType, RequireFields<MutationtrainMilModelArgs, 'input'>>;
};

export type NodeResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['Node'] = ResolversParentTypes['Node']> = {
  __resolveType?: TypeResolveFn<'Codebook' | 'Cohort' | 'Encoder' | 'FeatureSet' | 'Job' | 'MilModel' | 'MilScore' | 'Patch' | 'PatchGrid' | 'Patient' | 'Phenotype' | 'Slide' | 'Study', ParentType, ContextType>;
};

export type PageInfoResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['PageInfo'] = ResolversParentTypes['PageInfo']> = {
  endCursor?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  hasNextPage?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  hasPreviousPage?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  startCursor?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
};

export type PatchResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['Patch'] = ResolversParentTypes['Patch']> = {
  attention?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType, RequireFields<PatchattentionArgs, 'score'>>;
  grid?: Resolver<ResolversTypes['PatchGrid'], ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  imageUrl?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType, RequireFields<PatchimageUrlArgs, 'contextMicrons' | 'maxPixels'>>;
  measurements?: Resolver<ResolversTypes['JSON'], ParentType, ContextType>;
  phenotype?: Resolver<Maybe<ResolversTypes['Phenotype']>, ParentType, ContextType, RequireFields<PatchphenotypeArgs, 'codebook'>>;
  size?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  slide?: Resolver<ResolversTypes['Slide'], ParentType, ContextType>;
  tissueShare?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  vector?: Resolver<Maybe<ResolversTypes['Vector']>, ParentType, ContextType, RequireFields<PatchvectorArgs, 'featureSet'>>;
  x?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  y?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type PatchGridResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['PatchGrid'] = ResolversParentTypes['PatchGrid']> = {
  geoJsonUrl?: Resolver<ResolversTypes['String'], ParentType, ContextType, RequireFields<PatchGridgeoJsonUrlArgs, 'fromBounds'>>;
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
  phenotypeShares?: Resolver<Array<ResolversTypes['PhenotypeShare']>, ParentType, ContextType, RequireFields<PatientphenotypeSharesArgs, 'codebook'>>;
  scores?: Resolver<Array<ResolversTypes['MilScore']>, ParentType, ContextType, Partial<PatientscoresArgs>>;
  slides?: Resolver<ResolversTypes['SlideConnection'], ParentType, ContextType, RequireFields<PatientslidesArgs, 'first'>>;
  study?: Resolver<ResolversTypes['Study'], ParentType, ContextType>;
  survival?: Resolver<Maybe<ResolversTypes['Survival']>, ParentType, ContextType, RequireFields<PatientsurvivalArgs, 'endpoint'>>;
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

export type PhenotypeResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['Phenotype'] = ResolversParentTypes['Phenotype']> = {
  centroid?: Resolver<ResolversTypes['Vector'], ParentType, ContextType>;
  codebook?: Resolver<ResolversTypes['Codebook'], ParentType, ContextType>;
  enrichment?: Resolver<Array<ResolversTypes['Enrichment']>, ParentType, ContextType, RequireFields<PhenotypeenrichmentArgs, 'attribute'>>;
  exemplars?: Resolver<Array<ResolversTypes['SimilarPatch']>, ParentType, ContextType, RequireFields<PhenotypeexemplarsArgs, 'first'>>;
  exemplarsUrl?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  index?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  name?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  note?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  share?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  shares?: Resolver<ResolversTypes['PhenotypeShareConnection'], ParentType, ContextType, RequireFields<PhenotypesharesArgs, 'first'>>;
  size?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  slideShares?: Resolver<ResolversTypes['PhenotypeShareConnection'], ParentType, ContextType, RequireFields<PhenotypeslideSharesArgs, 'first'>>;
  survival?: Resolver<ResolversTypes['SurvivalAnalysis'], ParentType, ContextType, RequireFields<PhenotypesurvivalArgs, 'endpoint' | 'quantiles'>>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type PhenotypePayloadResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['PhenotypePayload'] = ResolversParentTypes['PhenotypePayload']> = {
  errors?: Resolver<Array<ResolversTypes['UserError']>, ParentType, ContextType>;
  phenotype?: Resolver<Maybe<ResolversTypes['Phenotype']>, ParentType, ContextType>;
};

export type PhenotypeShareResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['PhenotypeShare'] = ResolversParentTypes['PhenotypeShare']> = {
  patches?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  patient?: Resolver<Maybe<ResolversTypes['Patient']>, ParentType, ContextType>;
  phenotype?: Resolver<ResolversTypes['Phenotype'], ParentType, ContextType>;
  share?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  slide?: Resolver<Maybe<ResolversTypes['Slide']>, ParentType, ContextType>;
};

export type PhenotypeShareConnectionResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['PhenotypeShareConnection'] = ResolversParentTypes['PhenotypeShareConnection']> = {
  edges?: Resolver<Array<ResolversTypes['PhenotypeShareEdge']>, ParentType, ContextType>;
  nodes?: Resolver<Array<ResolversTypes['PhenotypeShare']>, ParentType, ContextType>;
  pageInfo?: Resolver<ResolversTypes['PageInfo'], ParentType, ContextType>;
  totalCount?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
};

export type PhenotypeShareEdgeResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['PhenotypeShareEdge'] = ResolversParentTypes['PhenotypeShareEdge']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  node?: Resolver<ResolversTypes['PhenotypeShare'], ParentType, ContextType>;
};

export type PrecisionResolvers = EnumResolverSignature<{ FLOAT16?: any, FLOAT32?: any }, ResolversTypes['Precision']>;

export type ProgressResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['Progress'] = ResolversParentTypes['Progress']> = {
  done?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  message?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  perSecond?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
  secondsLeft?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
  total?: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
  unit?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
};

export type QueryResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['Query'] = ResolversParentTypes['Query']> = {
  codebookChoice?: Resolver<ResolversTypes['CodebookChoice'], ParentType, ContextType, RequireFields<QuerycodebookChoiceArgs, 'input'>>;
  cohort?: Resolver<Maybe<ResolversTypes['Cohort']>, ParentType, ContextType, RequireFields<QuerycohortArgs, 'key' | 'studyKey'>>;
  compareCohorts?: Resolver<ResolversTypes['CohortComparison'], ParentType, ContextType, RequireFields<QuerycompareCohortsArgs, 'input'>>;
  encoder?: Resolver<Maybe<ResolversTypes['Encoder']>, ParentType, ContextType, RequireFields<QueryencoderArgs, 'key'>>;
  encoders?: Resolver<Array<ResolversTypes['Encoder']>, ParentType, ContextType>;
  facets?: Resolver<Array<ResolversTypes['Facet']>, ParentType, ContextType, RequireFields<QueryfacetsArgs, 'attributes' | 'filter'>>;
  featureSet?: Resolver<Maybe<ResolversTypes['FeatureSet']>, ParentType, ContextType, RequireFields<QueryfeatureSetArgs, 'key' | 'studyKey'>>;
  job?: Resolver<Maybe<ResolversTypes['Job']>, ParentType, ContextType, RequireFields<QueryjobArgs, 'id'>>;
  jobs?: Resolver<ResolversTypes['JobConnection'], ParentType, ContextType, RequireFields<QueryjobsArgs, 'first'>>;
  milModel?: Resolver<Maybe<ResolversTypes['MilModel']>, ParentType, ContextType, RequireFields<QuerymilModelArgs, 'key' | 'studyKey'>>;
  node?: Resolver<Maybe<ResolversTypes['Node']>, ParentType, ContextType, RequireFields<QuerynodeArgs, 'id'>>;
  nodes?: Resolver<Array<Maybe<ResolversTypes['Node']>>, ParentType, ContextType, RequireFields<QuerynodesArgs, 'ids'>>;
  patient?: Resolver<Maybe<ResolversTypes['Patient']>, ParentType, ContextType, RequireFields<QuerypatientArgs, 'by'>>;
  patients?: Resolver<ResolversTypes['PatientConnection'], ParentType, ContextType, RequireFields<QuerypatientsArgs, 'filter' | 'first'>>;
  similarPatches?: Resolver<ResolversTypes['SimilarPatches'], ParentType, ContextType, RequireFields<QuerysimilarPatchesArgs, 'input'>>;
  similarPatients?: Resolver<ResolversTypes['SimilarPatients'], ParentType, ContextType, RequireFields<QuerysimilarPatientsArgs, 'input'>>;
  similarPhenotypes?: Resolver<ResolversTypes['SimilarPhenotypes'], ParentType, ContextType, RequireFields<QuerysimilarPhenotypesArgs, 'input'>>;
  similarSlides?: Resolver<ResolversTypes['SimilarSlides'], ParentType, ContextType, RequireFields<QuerysimilarSlidesArgs, 'input'>>;
  slide?: Resolver<Maybe<ResolversTypes['Slide']>, ParentType, ContextType, RequireFields<QueryslideArgs, 'by'>>;
  slides?: Resolver<ResolversTypes['SlideConnection'], ParentType, ContextType, RequireFields<QueryslidesArgs, 'filter' | 'first'>>;
  studies?: Resolver<ResolversTypes['StudyConnection'], ParentType, ContextType, RequireFields<QuerystudiesArgs, 'first'>>;
  study?: Resolver<Maybe<ResolversTypes['Study']>, ParentType, ContextType, RequireFields<QuerystudyArgs, 'key'>>;
  survival?: Resolver<ResolversTypes['SurvivalAnalysis'], ParentType, ContextType, RequireFields<QuerysurvivalArgs, 'input'>>;
  viewer?: Resolver<ResolversTypes['Viewer'], ParentType, ContextType>;
  workers?: Resolver<Array<ResolversTypes['Worker']>, ParentType, ContextType>;
};

export type RecallBasisResolvers = EnumResolverSignature<{ CALIBRATED?: any, EXACT?: any }, ResolversTypes['RecallBasis']>;

export type RegisterSlidesPayloadResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['RegisterSlidesPayload'] = ResolversParentTypes['RegisterSlidesPayload']> = {
  errors?: Resolver<Array<ResolversTypes['UserError']>, ParentType, ContextType>;
  slides?: Resolver<Array<ResolversTypes['Slide']>, ParentType, ContextType>;
  unchanged?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
};

export type RegressionTaskResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['RegressionTask'] = ResolversParentTypes['RegressionTask']> = {
  attribute?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type SearchIndexResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['SearchIndex'] = ResolversParentTypes['SearchIndex']> = {
  builtAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  cohort?: Resolver<Maybe<ResolversTypes['Cohort']>, ParentType, ContextType>;
  isStale?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  recall?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
  staleReason?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  strategy?: Resolver<ResolversTypes['SearchStrategy'], ParentType, ContextType>;
  vectors?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
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

export type SetDistanceResolvers = EnumResolverSignature<{ MEAN?: any, MEDIAN_OF_MIN?: any, PHENOTYPE_SETS?: any, PHENOTYPE_SHARES?: any }, ResolversTypes['SetDistance']>;

export type SimilarPatchResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['SimilarPatch'] = ResolversParentTypes['SimilarPatch']> = {
  distance?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  patch?: Resolver<ResolversTypes['Patch'], ParentType, ContextType>;
  similarity?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
};

export type SimilarPatchesResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['SimilarPatches'] = ResolversParentTypes['SimilarPatches']> = {
  hits?: Resolver<Array<ResolversTypes['SimilarPatch']>, ParentType, ContextType>;
  search?: Resolver<ResolversTypes['SearchReport'], ParentType, ContextType>;
};

export type SimilarPatientResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['SimilarPatient'] = ResolversParentTypes['SimilarPatient']> = {
  because?: Resolver<Array<ResolversTypes['SimilarPatch']>, ParentType, ContextType>;
  distance?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  patient?: Resolver<ResolversTypes['Patient'], ParentType, ContextType>;
};

export type SimilarPatientsResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['SimilarPatients'] = ResolversParentTypes['SimilarPatients']> = {
  hits?: Resolver<Array<ResolversTypes['SimilarPatient']>, ParentType, ContextType>;
  search?: Resolver<ResolversTypes['SearchReport'], ParentType, ContextType>;
};

export type SimilarPhenotypeResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['SimilarPhenotype'] = ResolversParentTypes['SimilarPhenotype']> = {
  distance?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  phenotype?: Resolver<ResolversTypes['Phenotype'], ParentType, ContextType>;
};

export type SimilarPhenotypesResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['SimilarPhenotypes'] = ResolversParentTypes['SimilarPhenotypes']> = {
  hits?: Resolver<Array<ResolversTypes['SimilarPhenotype']>, ParentType, ContextType>;
};

export type SimilarSlideResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['SimilarSlide'] = ResolversParentTypes['SimilarSlide']> = {
  because?: Resolver<Array<ResolversTypes['SimilarPatch']>, ParentType, ContextType>;
  distance?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  slide?: Resolver<ResolversTypes['Slide'], ParentType, ContextType>;
};

export type SimilarSlidesResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['SimilarSlides'] = ResolversParentTypes['SimilarSlides']> = {
  hits?: Resolver<Array<ResolversTypes['SimilarSlide']>, ParentType, ContextType>;
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
  phenotypeMapUrl?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType, RequireFields<SlidephenotypeMapUrlArgs, 'codebook' | 'maxPixels'>>;
  phenotypeShares?: Resolver<Array<ResolversTypes['PhenotypeShare']>, ParentType, ContextType, RequireFields<SlidephenotypeSharesArgs, 'codebook'>>;
  phenotypeTilesUrl?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType, RequireFields<SlidephenotypeTilesUrlArgs, 'codebook'>>;
  scores?: Resolver<Array<ResolversTypes['MilScore']>, ParentType, ContextType, Partial<SlidescoresArgs>>;
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
  stain?: Resolver<Maybe<ResolversTypes['JSON']>, ParentType, ContextType>;
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

export type StainNormalizationResolvers = EnumResolverSignature<{ MACENKO?: any, NONE?: any, REINHARD?: any }, ResolversTypes['StainNormalization']>;

export type StudyResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['Study'] = ResolversParentTypes['Study']> = {
  attributes?: Resolver<Array<ResolversTypes['Attribute']>, ParentType, ContextType>;
  codebooks?: Resolver<Array<ResolversTypes['Codebook']>, ParentType, ContextType>;
  cohorts?: Resolver<Array<ResolversTypes['Cohort']>, ParentType, ContextType>;
  description?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  endpoints?: Resolver<Array<ResolversTypes['SurvivalEndpoint']>, ParentType, ContextType>;
  featureSets?: Resolver<Array<ResolversTypes['FeatureSet']>, ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  key?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  milModels?: Resolver<Array<ResolversTypes['MilModel']>, ParentType, ContextType>;
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

export type SubscriptionResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['Subscription'] = ResolversParentTypes['Subscription']> = {
  jobProgress?: SubscriptionResolver<ResolversTypes['Job'], "jobProgress", ParentType, ContextType, RequireFields<SubscriptionjobProgressArgs, 'id'>>;
};

export type SurvivalResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['Survival'] = ResolversParentTypes['Survival']> = {
  event?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  timeDays?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
};

export type SurvivalAnalysisResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['SurvivalAnalysis'] = ResolversParentTypes['SurvivalAnalysis']> = {
  cox?: Resolver<Maybe<ResolversTypes['CoxModel']>, ParentType, ContextType>;
  endpoint?: Resolver<ResolversTypes['SurvivalEndpoint'], ParentType, ContextType>;
  excluded?: Resolver<Array<ResolversTypes['Excluded']>, ParentType, ContextType>;
  groups?: Resolver<Array<ResolversTypes['SurvivalGroup']>, ParentType, ContextType>;
  logRank?: Resolver<Maybe<ResolversTypes['Test']>, ParentType, ContextType>;
};

export type SurvivalEndpointResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['SurvivalEndpoint'] = ResolversParentTypes['SurvivalEndpoint']> = {
  events?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  key?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  label?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  patients?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
};

export type SurvivalGroupResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['SurvivalGroup'] = ResolversParentTypes['SurvivalGroup']> = {
  curve?: Resolver<Array<ResolversTypes['SurvivalPoint']>, ParentType, ContextType>;
  events?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  medianDays?: Resolver<Maybe<ResolversTypes['Estimate']>, ParentType, ContextType>;
  name?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  patients?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
};

export type SurvivalPointResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['SurvivalPoint'] = ResolversParentTypes['SurvivalPoint']> = {
  atRisk?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  events?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  lower?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  survival?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  timeDays?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  upper?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
};

export type SurvivalTaskResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['SurvivalTask'] = ResolversParentTypes['SurvivalTask']> = {
  endpoint?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type TestResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['Test'] = ResolversParentTypes['Test']> = {
  degreesOfFreedom?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  name?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  pValue?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  statistic?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
};

export type TimeUnitResolvers = EnumResolverSignature<{ DAYS?: any, MONTHS?: any, WEEKS?: any, YEARS?: any }, ResolversTypes['TimeUnit']>;

export type TissueMethodResolvers = EnumResolverSignature<{ DARKFIELD?: any, FIXED?: any, NONE?: any, OTSU?: any }, ResolversTypes['TissueMethod']>;

export type TrustResolvers = EnumResolverSignature<{ DECLARED?: any, VERIFIED?: any }, ResolversTypes['Trust']>;

export type UploadResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['Upload'] = ResolversParentTypes['Upload']> = {
  expiresAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  url?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
};

export type UploadPayloadResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['UploadPayload'] = ResolversParentTypes['UploadPayload']> = {
  errors?: Resolver<Array<ResolversTypes['UserError']>, ParentType, ContextType>;
  upload?: Resolver<Maybe<ResolversTypes['Upload']>, ParentType, ContextType>;
};

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

export type WorkerResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['Worker'] = ResolversParentTypes['Worker']> = {
  concurrency?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  devices?: Resolver<Array<ResolversTypes['String']>, ParentType, ContextType>;
  heartbeatAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  kinds?: Resolver<Array<ResolversTypes['JobKind']>, ParentType, ContextType>;
  name?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  running?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  startedAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  state?: Resolver<ResolversTypes['WorkerState'], ParentType, ContextType>;
  version?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
};

export type WorkerStateResolvers = EnumResolverSignature<{ DRAINING?: any, STOPPED?: any, WORKING?: any }, ResolversTypes['WorkerState']>;

export type Resolvers<ContextType = GraphQLContext> = {
  AttendedPatch?: AttendedPatchResolvers<ContextType>;
  AttendedPhenotype?: AttendedPhenotypeResolvers<ContextType>;
  Attribute?: AttributeResolvers<ContextType>;
  AttributeLevel?: AttributeLevelResolvers;
  AttributeType?: AttributeTypeResolvers;
  Baseline?: BaselineResolvers<ContextType>;
  ClassificationTask?: ClassificationTaskResolvers<ContextType>;
  Codebook?: CodebookResolvers<ContextType>;
  CodebookChoice?: CodebookChoiceResolvers<ContextType>;
  CodebookChoiceRow?: CodebookChoiceRowResolvers<ContextType>;
  CodebookScope?: CodebookScopeResolvers;
  Cohort?: CohortResolvers<ContextType>;
  CohortComparison?: CohortComparisonResolvers<ContextType>;
  CohortPayload?: CohortPayloadResolvers<ContextType>;
  ComparisonRow?: ComparisonRowResolvers<ContextType>;
  CoxModel?: CoxModelResolvers<ContextType>;
  CoxTerm?: CoxTermResolvers<ContextType>;
  CoxTies?: CoxTiesResolvers;
  DateTime?: GraphQLScalarType;
  Derived?: DerivedResolvers<ContextType>;
  Direction?: DirectionResolvers;
  EmbedSlidesPayload?: EmbedSlidesPayloadResolvers<ContextType>;
  Encoder?: EncoderResolvers<ContextType>;
  EncoderModel?: EncoderModelResolvers<ContextType>;
  EncoderPayload?: EncoderPayloadResolvers<ContextType>;
  Enrichment?: EnrichmentResolvers<ContextType>;
  ErrorCode?: ErrorCodeResolvers;
  Estimate?: EstimateResolvers<ContextType>;
  Excluded?: ExcludedResolvers<ContextType>;
  ExportFormat?: ExportFormatResolvers;
  ExportPayload?: ExportPayloadResolvers<ContextType>;
  Facet?: FacetResolvers<ContextType>;
  FacetBin?: FacetBinResolvers<ContextType>;
  FacetCategory?: FacetCategoryResolvers<ContextType>;
  FeatureLayout?: FeatureLayoutResolvers;
  FeatureLevel?: FeatureLevelResolvers;
  FeatureSet?: FeatureSetResolvers<ContextType>;
  ImportClinicalPayload?: ImportClinicalPayloadResolvers<ContextType>;
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
  Metric?: MetricResolvers<ContextType>;
  MilArchitecture?: MilArchitectureResolvers;
  MilEpoch?: MilEpochResolvers<ContextType>;
  MilFold?: MilFoldResolvers<ContextType>;
  MilModel?: MilModelResolvers<ContextType>;
  MilModelPayload?: MilModelPayloadResolvers<ContextType>;
  MilOptimiser?: MilOptimiserResolvers;
  MilScore?: MilScoreResolvers<ContextType>;
  MilScoreConnection?: MilScoreConnectionResolvers<ContextType>;
  MilScoreEdge?: MilScoreEdgeResolvers<ContextType>;
  MilTask?: MilTaskResolvers<ContextType>;
  MilUnit?: MilUnitResolvers;
  Mutation?: MutationResolvers<ContextType>;
  Node?: NodeResolvers<ContextType>;
  PageInfo?: PageInfoResolvers<ContextType>;
  Patch?: PatchResolvers<ContextType>;
  PatchGrid?: PatchGridResolvers<ContextType>;
  Patient?: PatientResolvers<ContextType>;
  PatientConnection?: PatientConnectionResolvers<ContextType>;
  PatientEdge?: PatientEdgeResolvers<ContextType>;
  Phenotype?: PhenotypeResolvers<ContextType>;
  PhenotypePayload?: PhenotypePayloadResolvers<ContextType>;
  PhenotypeShare?: PhenotypeShareResolvers<ContextType>;
  PhenotypeShareConnection?: PhenotypeShareConnectionResolvers<ContextType>;
  PhenotypeShareEdge?: PhenotypeShareEdgeResolvers<ContextType>;
  Precision?: PrecisionResolvers;
  Progress?: ProgressResolvers<ContextType>;
  Query?: QueryResolvers<ContextType>;
  RecallBasis?: RecallBasisResolvers;
  RegisterSlidesPayload?: RegisterSlidesPayloadResolvers<ContextType>;
  RegressionTask?: RegressionTaskResolvers<ContextType>;
  SearchIndex?: SearchIndexResolvers<ContextType>;
  SearchReport?: SearchReportResolvers<ContextType>;
  SearchStrategy?: SearchStrategyResolvers;
  SetDistance?: SetDistanceResolvers;
  SimilarPatch?: SimilarPatchResolvers<ContextType>;
  SimilarPatches?: SimilarPatchesResolvers<ContextType>;
  SimilarPatient?: SimilarPatientResolvers<ContextType>;
  SimilarPatients?: SimilarPatientsResolvers<ContextType>;
  SimilarPhenotype?: SimilarPhenotypeResolvers<ContextType>;
  SimilarPhenotypes?: SimilarPhenotypesResolvers<ContextType>;
  SimilarSlide?: SimilarSlideResolvers<ContextType>;
  SimilarSlides?: SimilarSlidesResolvers<ContextType>;
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
  Subscription?: SubscriptionResolvers<ContextType>;
  Survival?: SurvivalResolvers<ContextType>;
  SurvivalAnalysis?: SurvivalAnalysisResolvers<ContextType>;
  SurvivalEndpoint?: SurvivalEndpointResolvers<ContextType>;
  SurvivalGroup?: SurvivalGroupResolvers<ContextType>;
  SurvivalPoint?: SurvivalPointResolvers<ContextType>;
  SurvivalTask?: SurvivalTaskResolvers<ContextType>;
  Test?: TestResolvers<ContextType>;
  TimeUnit?: TimeUnitResolvers;
  TissueMethod?: TissueMethodResolvers;
  Trust?: TrustResolvers;
  Upload?: UploadResolvers<ContextType>;
  UploadPayload?: UploadPayloadResolvers<ContextType>;
  UserError?: UserErrorResolvers<ContextType>;
  Vector?: GraphQLScalarType;
  Viewer?: ViewerResolvers<ContextType>;
  Worker?: WorkerResolvers<ContextType>;
  WorkerState?: WorkerStateResolvers;
};

