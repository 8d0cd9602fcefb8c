"""What may be sent to HistoQL. Written by `npm run codegen` from schema.graphql; not to be edited."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, TypedDict

if TYPE_CHECKING:
    import numpy
    from typing_extensions import NotRequired

    VectorLike = numpy.ndarray | Sequence[float] | str

__all__ = [
    "AttributeGrouping",
    "AttributeInput",
    "AttributeLevel",
    "AttributeType",
    "BuildCodebookInput",
    "BuildSearchIndexInput",
    "CodebookChoiceInput",
    "CodebookScope",
    "CompareCohortsInput",
    "CoxInput",
    "CoxTies",
    "CreateStudyInput",
    "CreateUploadInput",
    "Direction",
    "EmbedSlidesInput",
    "ErrorCode",
    "ExportFeaturesInput",
    "ExportFormat",
    "FeatureLayout",
    "FeatureLevel",
    "FoldsInput",
    "GridInput",
    "ImageInput",
    "ImportClinicalInput",
    "ImportFeaturesInput",
    "ImportMilModelInput",
    "JobKind",
    "JobState",
    "LabelTaskInput",
    "MilArchitecture",
    "MilOptimiser",
    "MilTaskInput",
    "MilUnit",
    "NamePhenotypeInput",
    "NumberRange",
    "Order",
    "PatchFilter",
    "PatientBy",
    "PatientFilter",
    "PhenotypeGrouping",
    "Precision",
    "Predicate",
    "PredicateTest",
    "PreprocessingInput",
    "RecallBasis",
    "ReduceFeatureSetInput",
    "RegionInput",
    "RegisterEncoderInput",
    "RegisterSlidesInput",
    "RiskGrouping",
    "SaveCohortInput",
    "ScoreMilModelInput",
    "SearchStrategy",
    "SetDistance",
    "SetSlideResolutionInput",
    "SimilarPatchesInput",
    "SimilarPatientsInput",
    "SimilarPhenotypesInput",
    "SimilarSlidesInput",
    "SimilarTo",
    "SlideBy",
    "SlideFilter",
    "SlidePatientInput",
    "SplitsInput",
    "Stain",
    "StainNormalization",
    "StudyKey",
    "SurvivalEndpointInput",
    "SurvivalGrouping",
    "SurvivalInput",
    "SurvivalTaskInput",
    "TileSlidesInput",
    "TimeUnit",
    "TissueMethod",
    "TrainMilModelInput",
    "Trust",
    "WorkerState",
]

AttributeLevel = Literal[
    "PATIENT",  # The patient: age, sex, mutations.
    "SLIDE",  # One slide: block, fixation, scanner.
]
"""What an attribute is a property of."""

AttributeType = Literal[
    "BOOLEAN",  # True or false.
    "CATEGORY",  # One of a few words. Labels such as the invasion pattern are categories.
    "NUMBER",  # Numbers, in `unit`.
    "TEXT",  # Anything else.
]
"""What the values of an attribute are."""

CodebookScope = Literal[
    "COHORT",  # The patients of one cohort at once.
    "PATIENT",  # Each patient apart, a codebook each: clusters of two patients have nothing in common but their index.
    "STUDY",  # All patients of the study at once: clusters mean the same in all of them.
]
"""Whose patches a codebook is fitted to."""

CoxTies = Literal[
    "BRESLOW",  # Breslow 1974: simpler, worse with many ties.
    "EFRON",  # Efron 1977: nearly exact.
]
"""How a Cox regression treats tied event times."""

Direction = Literal[
    "ASC",  # Smallest, or first in the alphabet, first.
    "DESC",  # Largest, or last in the alphabet, first.
]
"""Which way an ordering runs."""

ErrorCode = Literal[
    "ALL_CENSORED",  # No patient has an event, so there is no survival to model.
    "BAD_ARGUMENT",  # An argument is out of range or does not fit another one.
    "CLASS_TOO_SMALL",  # A class has fewer patients than folds.
    "COLUMN_UNKNOWN",  # The table has no such column.
    "CONFLICT",  # It exists already with different content.
    "DIMENSION_MISMATCH",  # A vector's length is not the feature set's `dims`.
    "DUPLICATE_KEY",  # The same key twice in one input.
    "ENCODER_HAS_NO_MODEL",  # The encoder is known by name only and cannot compute.
    "FILE_NOT_FOUND",  # Nothing is there under the configured roots.
    "FORBIDDEN",  # You may not do this in this study.
    "FORMAT_UNSUPPORTED",  # No reader on this machine opens this format; the fix names a conversion.
    "INTERNAL",  # HistoQL's own fault: the log tells more. Retrying is safe.
    "LEAKAGE",  # A patient would be trained and tested on at once.
    "LIMIT_EXCEEDED",  # A limit of the server was reached: size, depth, rate or number.
    "MIXED_STAINS",  # Slides of different stains in one computation that cannot mix them.
    "MODEL_INCOMPATIBLE",  # The model was made for another feature set, or its inputs differ.
    "NOT_AN_IMAGE",  # The bytes are not a PNG or JPEG that can be decoded.
    "NOT_BRIGHTFIELD",  # The background is not bright: ask for the DARKFIELD tissue method.
    "NOT_FINITE",  # A number is NaN or infinite.
    "NOT_FOUND",  # No such thing, or not in a study that you may see.
    "NO_TISSUE",  # No patch holds as much tissue as was asked for.
    "RESOLUTION_UNKNOWN",  # The file gives no believable µm/px (0.05 to 20). Set it with `setSlideResolution`.
    "SLIDE_CORRUPT",  # The file begins like a slide but cannot be read to its end.
    "SLIDE_HAS_NO_IMAGE",  # Only features of this slide are known, no pixels.
    "STORE_TOO_SMALL",  # The embedded database cannot hold this; set DATABASE_URL to a PostgreSQL server.
    "TOO_FEW_PATIENTS",  # Too few patients for this statistic.
    "TYPE_MISMATCH",  # An attribute was asked for as another type than it has.
    "VALUE_UNPARSABLE",  # A cell cannot be read as its column's type.
]
"""Every way in which a request, or one slide of a job, can fail as expected."""

ExportFormat = Literal[
    "ARROW_STREAM",  # One Arrow IPC stream, read from the database while it is sent.
    "CLAM_H5",  # HDF5 files as CLAM writes them, one a slide, in one tar archive with a manifest. In single precision, without further columns.
    "PARQUET",  # Parquet files of a job, with a manifest of their checksums.
    "TRIDENT_H5",  # HDF5 files as TRIDENT writes them, one a slide, in one tar archive with a manifest. In single precision, without further columns.
]
"""Forms in which vectors leave."""

FeatureLayout = Literal[
    "ARROW",  # Arrow IPC stream or file with the columns slide, patient, x, y, size and vector; a slide's rows stand together.
    "CLAM_H5",  # CLAM: HDF5, one slide a file, datasets `features` and `coords`.
    "DEEP_ATTN_MISL_NPZ",  # DeepAttnMISL: NumPy archives, one patient a file, `vgg_features` and `pid`. They tell no places: x is a row's number.
    "PARQUET",  # Parquet with the columns of ARROW.
    "TRIDENT_H5",  # TRIDENT: HDF5, one slide a file, datasets `features` and `coords`, the latter with attributes. Slide-level files have one vector.
]
"""How files of features are laid out."""

FeatureLevel = Literal[
    "PATCH",  # One patch of one slide.
    "PATIENT",  # One patient.
    "SLIDE",  # One whole slide.
]
"""What one vector of a feature set stands for."""

JobKind = Literal[
    "CODEBOOK",  # Clustering vectors into phenotypes.
    "EMBED",  # Computing vectors, tiling first where needed.
    "EXPORT",  # Writing features out.
    "IMPORT",  # Taking in features computed elsewhere.
    "INDEX",  # Building a search index.
    "INGEST",  # Registering slides.
    "SCORE",  # Scoring patients with a trained model.
    "TILE",  # Finding tissue and laying grids.
    "TRAIN",  # Training a multiple-instance model.
]
"""What kind of work a job is."""

JobState = Literal[
    "CANCELLED",  # Stopped by `cancelJob`. What was stored by then stays.
    "FAILED",  # Ended; nothing could be done.
    "PARTLY_FAILED",  # Ended; some slides failed, the others are done. `failures` lists them, `retryJob` tries only those again.
    "QUEUED",  # Waiting for a worker.
    "RUNNING",  # Being worked on, or interrupted and about to go on.
    "SUCCEEDED",  # All done.
]
"""How far a job has come."""

MilArchitecture = Literal[
    "ABMIL",  # Attention over patches (Ilse et al. 2018).
    "DEEP_ATTN_MISL",  # Attention over phenotype clusters (Yao et al. 2020); needs a codebook.
    "GATED_ABMIL",  # Attention over patches with a gate (Ilse et al. 2018).
    "IMPORTED",  # A head that was trained elsewhere; not to be trained here.
    "MAX_POOL",  # The greatest over patches of every number.
    "MEAN_POOL",  # The mean over patches: every patch weighs the same.
    "SELF_ATTENTION",  # Self-attention through latent queries, linear in patches, with the patches' places.
]
"""How the patches of a bag become one prediction."""

MilOptimiser = Literal[
    "ADAM",  # Added to the gradient (L2), as PyTorch's Adam(weight_decay).
    "ADAMW",  # Taken from the parameters apart from the gradient (Loshchilov & Hutter 2019).
]
"""How weight decay acts."""

MilUnit = Literal[
    "PATIENT",  # A patient: the patches of all slides together.
    "SLIDE",  # A slide. Slides of one patient are never parted by a split.
]
"""What gets one prediction."""

Precision = Literal[
    "FLOAT16",  # Half precision, 2 bytes a number: as they are stored.
    "FLOAT32",  # Single precision, 4 bytes a number.
]
"""Precision of numbers."""

RecallBasis = Literal[
    "CALIBRATED",  # Measured on this feature set, against exact searches.
    "EXACT",  # Every candidate was compared: nothing can be missed.
]
"""On what grounds a recall is claimed."""

SearchStrategy = Literal[
    "CLUSTERED",  # Looked into the clusters nearest to the query.
    "EXACT",  # Compared every vector that passes the filter.
    "ITERATIVE_INDEX",  # Walked the index on and on until enough rows passed the filter.
    "PARTIAL_INDEX",  # Walked an index over just the rows that pass the filter.
    "PARTITION_INDEX",  # Walked the index of the whole feature set.
]
"""What a similarity search did."""

SetDistance = Literal[
    "MEAN",  # Cosine distance of their mean vectors; each vector counts by its direction alone.
    "MEDIAN_OF_MIN",  # Each patch of the query's mosaic looks for the nearest patch of the other's; the median of these cosine distances (Yottixel: Kalra et al. 2020). A mosaic is at most 100 patches of a slide; a patient has those of all his slides.
    "PHENOTYPE_SETS",  # Only of patients: how far each patient's own clusters, of a `codebook` of scope PATIENT (any of its build), are from the nearest of the other's by cosine distance, on average by size and in both directions (sum of minimum distances: Eiter & Mannila 1997). A hit's `because` are patches in the middle of the clusters nearest to one of the query's.
    "PHENOTYPE_SHARES",  # Jensen–Shannon distance (base 2, 0 to 1) of their shares of the phenotypes of a `codebook` of scope STUDY or COHORT. A hit's `because` are patches in the middle of the phenotypes that both have most of.
]
"""How the patches of two slides, or of two patients, come to one distance."""

Stain = Literal[
    "FLUORESCENCE",  # Fluorescence: bright on a dark ground.
    "HE",  # Haematoxylin and eosin.
    "IHC",  # Immunohistochemistry: an antibody made visible, such as CD3 with DAB.
    "OTHER",  # A stain of another kind.
    "UNKNOWN",  # Nobody told.
]
"""How a section was stained. Vectors of different stains seldom compare."""

StainNormalization = Literal[
    "MACENKO",  # The slide's two stains are found and replaced by those of a reference for haematoxylin and eosin (Macenko 2009). A slide known as an immunostain or fluorescence fails, alone.
    "NONE",  # Pixels go to the encoder as they were scanned.
    "REINHARD",  # Means and spreads of lightness and colour (L*, a*, b*) of the slide are brought to those of a reference (Reinhard 2001).
]
"""How differences of staining are evened out."""

TimeUnit = Literal[
    "DAYS",  # Days.
    "MONTHS",  # Months of 30.4375 days.
    "WEEKS",  # Weeks of 7 days.
    "YEARS",  # Years of 365.25 days.
]
"""Unit of time in a clinical table. Times are stored in days."""

TissueMethod = Literal[
    "DARKFIELD",  # Fluorescence: whatever is brighter than the dark ground.
    "FIXED",  # Brightfield: colour saturation above one threshold for all slides, for slides that are nearly all tissue or all glass.
    "NONE",  # Every patch counts as tissue.
    "OTSU",  # Brightfield: colour saturation above a threshold that Otsu's method finds on each slide.
]
"""How tissue is told from glass."""

Trust = Literal[
    "DECLARED",  # Imported: the importer says so, nobody here has checked.
    "VERIFIED",  # Computed here, from sources whose checksums were taken.
]
"""How a lineage is known."""

WorkerState = Literal[
    "DRAINING",  # It was told to stop, and hands back what it has at the next batch.
    "STOPPED",  # It has ended in good order.
    "WORKING",  # It takes jobs.
]
"""Whether a worker takes more jobs."""


class AttributeGrouping(TypedDict):
    """Groups by an attribute: a category or boolean as it is, a number by either quantiles or cuts."""

    cuts: NotRequired[Sequence[float] | None]
    """Ends of ranges, ascending, at most 20: groups up to and including each, and above the last."""
    key: str
    """Key of the attribute."""
    quantiles: NotRequired[int | None]
    """So many groups of equal size, 2 to 10."""


class AttributeInput(TypedDict):
    """How to read one column of a clinical table."""

    column: str
    """Name of the column."""
    key: NotRequired[str | None]
    """Key of the attribute; the column's name when left out."""
    label: NotRequired[str | None]
    """A name for people."""
    type: NotRequired[AttributeType | None]
    """What its values are; found out when left out."""
    unit: NotRequired[str | None]
    """Unit of a number."""


class BuildCodebookInput(TypedDict):
    """A codebook to build."""

    allowMixedStains: NotRequired[bool]
    """Cluster slides of several stains together, which mostly finds the stains again."""
    clusters: int
    """How many clusters, 2 to 1000. A patient with fewer patches than that gets as many clusters as it has patches."""
    cohort: NotRequired[str | None]
    """Global id of the cohort; for scope COHORT, and only there."""
    featureSet: str
    """Global id of the feature set."""
    pca: NotRequired[int | None]
    """Cluster so many principal components by Euclidean distance, in place of the vectors by direction. Not with scope PATIENT."""
    sample: NotRequired[int | None]
    """Fit to so many patches, chosen at random; when omitted, to 256 a cluster and at least 32768. All patches are assigned either
    way.
    """
    scope: CodebookScope
    """Whose patches to fit to."""
    seed: NotRequired[int]
    """Seed of the random numbers."""
    slides: NotRequired[SlideFilter | None]
    """Which slides; all of the feature set when omitted. Only slides whose embedding is complete are used."""
    whiten: NotRequired[bool]
    """With `pca`: scale every component to the same variance."""


class BuildSearchIndexInput(TypedDict):
    """What to index."""

    cohort: NotRequired[str | None]
    """Global id of a frozen cohort: just its patients are indexed, for searches among exactly them."""
    featureSet: str
    """Global id of the feature set."""


class CodebookChoiceInput(TypedDict):
    """Which numbers of clusters to try, and on which patches."""

    clusters: Sequence[int]
    """Numbers of clusters, 2 to 64 each, at most 8."""
    featureSet: str
    """Global id of the feature set."""
    sample: NotRequired[int]
    """How many patches to look at, 10 to 10000."""
    seed: NotRequired[int]
    """Seed of the sample and of the first grouping."""
    slides: NotRequired[SlideFilter | None]
    """Which slides; all of the feature set when omitted."""


class CompareCohortsInput(TypedDict):
    """Which cohorts to compare, and in what."""

    a: str
    """Global id of one cohort."""
    attributes: NotRequired[Sequence[str] | None]
    """Keys of attributes of patients; when left out, all of the study but texts."""
    b: str
    """Global id of the other, of the same study. The tests are for separate groups: shared patients are `CONFLICT`."""
    codebook: NotRequired[str | None]
    """Global id of a codebook of scope STUDY or COHORT: compares shares of its phenotypes too."""
    featureSet: NotRequired[str | None]
    """Global id of a feature set of the same study: compares the cohorts in its vectors too."""


class CoxInput(TypedDict):
    """A Cox regression."""

    phenotypes: NotRequired[Sequence[str] | None]
    """Global ids of phenotypes of one codebook, at most 20: a covariate each, its hazard ratio for 10 % more of the patient's patches. All phenotypes of a codebook add up to 1: leave one out."""
    risk: NotRequired[str | None]
    """Global id of a survival model whose unit is the patient: its out-of-fold or external risk as a covariate."""
    terms: Sequence[str]
    """Keys of attributes: numbers and booleans as they are, categories as one covariate for each value but the first. May be empty beside phenotypes."""
    ties: NotRequired[CoxTies]
    """How tied event times are treated."""


class CreateStudyInput(TypedDict):
    """A study to open."""

    description: NotRequired[str | None]
    """What the study is about."""
    key: str
    """Short name for queries: letters, digits, `-`, `_` and `.`, beginning with a letter or digit."""
    name: str
    """Title for people."""


class CreateUploadInput(TypedDict):
    """A file that is to be sent."""

    bytes: int
    """Its size in bytes; the upload must have just as many."""
    name: str
    """Its name, of which only the ending is used."""
    sha256: NotRequired[str | None]
    """SHA-256 in hex; checked when given."""


class EmbedSlidesInput(TypedDict):
    """Slides to embed."""

    encoderKey: str
    """Key of the encoder."""
    featureSetKey: str
    """Key of the feature set. It is created when there is none; one that exists must have been made with the same encoder,
    grid and preprocessing, else `CONFLICT`.
    """
    grid: NotRequired[GridInput]
    """Which grid."""
    preprocessing: NotRequired[PreprocessingInput]
    """What to do to the pixels first."""
    slides: SlideFilter
    """Which slides; it must name a study, by `studyKey`, ids or otherwise, and only one."""


class ExportFeaturesInput(TypedDict):
    """Vectors to take out."""

    codebook: NotRequired[str | None]
    """Global id of a codebook of the feature set: adds the column `phenotype`."""
    columns: NotRequired[Sequence[str] | None]
    """Keys of clinical attributes, of patients or slides: a column each, with the value of the patch's patient or slide."""
    featureSet: str
    """Global id of the feature set. Slides that are still being embedded are left out: see `slidesLeftOut`."""
    filter: NotRequired[PatchFilter | None]
    """Only vectors of patches that pass this; all when left out."""
    format: NotRequired[ExportFormat]
    """In which form."""
    precision: NotRequired[Precision]
    """Of the numbers of the vectors. They are stored in half precision, so that FLOAT16 is exact and half as long."""
    score: NotRequired[str | None]
    """Global id of a score of a model on the feature set: adds the column `attention`, null outside of the scored bag."""


class FoldsInput(TypedDict):
    """Stratified folds."""

    count: NotRequired[int]
    """How many parts, 2 to 50."""
    repeats: NotRequired[int]
    """How often, parted anew each time, 1 to 20."""


class GridInput(TypedDict):
    """How to cut slides into patches. Patches are anchored at the slide's corner, so equal inputs give equal patches."""

    micronsPerPixel: NotRequired[float]
    """Resolution to cut at, in micrometres per pixel; slides are rescaled from their nearest finer level."""
    minTissue: NotRequired[float]
    """Patches with a smaller share of tissue are left out, 0 to 1."""
    overlap: NotRequired[int]
    """By how many pixels at `micronsPerPixel` neighbouring patches overlap; less than `patchSize`."""
    patchSize: NotRequired[int]
    """Edge of a patch in pixels at `micronsPerPixel`. 224 pixels at 0.5 µm/px are 112 µm of tissue."""
    tissue: NotRequired[TissueMethod]
    """How tissue is told from glass."""


class ImageInput(TypedDict):
    """A picture of tissue."""

    data: str
    """Base64 PNG or JPEG."""
    micronsPerPixel: float
    """Its resolution, in micrometres per pixel; it is rescaled to the feature set's, and its middle is used."""


class ImportClinicalInput(TypedDict):
    """A clinical table, given as exactly one of `upload`, `path` and `text`, and what its columns mean."""

    attributes: NotRequired[Sequence[AttributeInput] | None]
    """How to read columns; those that are not listed are read as what their values look like: BOOLEAN for true/false, yes/no, and
    for 0/1 in columns called `is_…`, `has_…`, `…_mut`; NUMBER; CATEGORY for a few words; else TEXT. Columns without a name are
    left out.
    """
    decimalMark: NotRequired[str | None]
    """`.` or `,`; found out when left out."""
    delimiter: NotRequired[str | None]
    """One character between columns; found out when left out."""
    dryRun: NotRequired[bool]
    """Tells what an import would do, and does nothing."""
    endpoints: NotRequired[Sequence[SurvivalEndpointInput] | None]
    """Time-to-event endpoints to read."""
    level: NotRequired[AttributeLevel]
    """What the attributes are properties of. With PATIENT, several rows of a patient must agree. With SLIDE each column but those
    of endpoints is the slides'.
    """
    missingValues: NotRequired[Sequence[str] | None]
    """Words that mean there is no value. Default: empty, NA, N/A, NaN, null, unknown, not available, not reported, `.`, `-`, `--`."""
    path: NotRequired[str | None]
    """A file on the server, under a configured root."""
    patientColumn: str
    """The column that holds the patient's key."""
    patientPattern: NotRequired[str | None]
    """A regular expression over the patient column whose group `patient` is the key: `^(?<patient>TCGA-..-....)`. Without it, the whole value."""
    slideColumn: NotRequired[str | None]
    """The column that holds the slide's key; slides that are not known yet are made, without an image."""
    slidePattern: NotRequired[str | None]
    """A regular expression over the slide column whose group `slide` is the key. Without it, the whole value."""
    studyKey: str
    """Key of the study."""
    text: NotRequired[str | None]
    """The table itself, as CSV or TSV."""
    upload: NotRequired[str | None]
    """Id of an upload that `createUpload` gave."""


class ImportFeaturesInput(TypedDict):
    """Files of features."""

    encoderKey: str
    """Key of the encoder that made the features. One that is not registered becomes known by its name only."""
    featureSetKey: str
    """Key of the feature set. It is created with the first file; one that exists must have been imported with the same encoder,
    patches and level, else `CONFLICT`.
    """
    layout: FeatureLayout
    """How the files are laid out."""
    level: NotRequired[FeatureLevel]
    """What one vector stands for."""
    micronsPerPixel: NotRequired[float | None]
    """Resolution of the patches as the encoder saw them, in micrometres per pixel; needed where the files do not say."""
    patchSize: NotRequired[int | None]
    """Edge of a patch as the encoder saw it, in pixels; needed where the files do not say."""
    paths: NotRequired[Sequence[str] | None]
    """Files, folders and globs inside the folders that the server may read."""
    patientPattern: NotRequired[str | None]
    """Regular expression with a group named `patient`, applied to slide keys (the files' names without their ending). Without it
    the file says, or the slide that is there already; else slide and patient have the same key.
    """
    studyKey: str
    """Key of the study."""
    upload: NotRequired[str | None]
    """Id of an upload of one file; `paths` or `upload`, not both."""


class ImportMilModelInput(TypedDict):
    """A head that was trained elsewhere."""

    attentionOutput: NotRequired[str | None]
    """Name of the output with one weight for each patch, if there is one."""
    classes: NotRequired[Sequence[str] | None]
    """For a classification: the classes in the order of the output."""
    featureSet: str
    """Global id of the feature set whose vectors it reads."""
    featuresInput: str
    """Name of the input for the vectors, float32 or float16, `[patches, dims]` or `[1, patches, dims]`, free in patches; the only input."""
    key: str
    """A key of its own in the study."""
    output: str
    """Name of the output: one risk or value, or a number for each class (probabilities or their logits)."""
    path: NotRequired[str | None]
    """The ONNX file under a configured root; or `upload`."""
    task: MilTaskInput
    """What it predicts. Its unit is the patient."""
    upload: NotRequired[str | None]
    """Global id of an upload that holds the ONNX file; or `path`."""


class LabelTaskInput(TypedDict):
    """An attribute to predict."""

    attribute: str
    """Key of an attribute of patients, or of slides where the unit is the slide."""


class MilTaskInput(TypedDict):
    """What to predict.

    Exactly one of its fields is given.
    """

    classification: NotRequired[LabelTaskInput | None]
    """A class: the value of a category or boolean."""
    regression: NotRequired[LabelTaskInput | None]
    """A number: the value of a number attribute."""
    survival: NotRequired[SurvivalTaskInput | None]
    """A risk of an endpoint."""


class NamePhenotypeInput(TypedDict):
    """What people know about a phenotype."""

    name: NotRequired[str | None]
    """A name of at most 200 characters; left as it is when omitted, taken away when null or empty."""
    note: NotRequired[str | None]
    """A note of at most 10000 characters; left as it is when omitted, taken away when null or empty."""
    phenotype: str
    """Global id of the phenotype."""


class NumberRange(TypedDict):
    """Bounds of a number, all of which hold; at least one."""

    equals: NotRequired[float | None]
    """Equal to."""
    gt: NotRequired[float | None]
    """Greater than."""
    gte: NotRequired[float | None]
    """Greater than or equal to."""
    lt: NotRequired[float | None]
    """Less than."""
    lte: NotRequired[float | None]
    """Less than or equal to."""


class Order(TypedDict):
    """One criterion of an ordering; later ones break ties of earlier ones."""

    by: str
    """A natural field of the listed things, such as `key`."""
    direction: NotRequired[Direction]
    """Ascending unless said otherwise."""


class PatchFilter(TypedDict):
    """Which patches. What is given together must all hold."""

    measurements: NotRequired[Sequence[Predicate] | None]
    """Only patches of which these measurements hold, by name (`blurVariance`, `penShare`, `foldShare`, `dabShare`), all of them; the
    feature set must have been embedded with `preprocessing.qualityControl`.
    """
    patients: NotRequired[PatientFilter | None]
    """Only patches of patients that pass this."""
    phenotypes: NotRequired[Sequence[str] | None]
    """Only patches of one of these phenotypes, all of one codebook of the feature set."""
    region: NotRequired[RegionInput | None]
    """Only patches of one slide whose centres lie inside of an outline, such as an annotation."""
    slides: NotRequired[SlideFilter | None]
    """Only patches of slides that pass this."""


class PatientBy(TypedDict):
    """Names one patient, by global id or by study and key.

    Exactly one of its fields is given.
    """

    id: NotRequired[str | None]
    """Global id."""
    key: NotRequired[StudyKey | None]
    """Study and patient key."""


PatientFilter = TypedDict(
    "PatientFilter",
    {
        "and": "NotRequired[Sequence[PatientFilter] | None]",
        "clinical": "NotRequired[Sequence[Predicate] | None]",
        "cohort": "NotRequired[str | None]",
        "ids": "NotRequired[Sequence[str] | None]",
        "keys": "NotRequired[Sequence[str] | None]",
        "not": "NotRequired[PatientFilter | None]",
        "or": "NotRequired[Sequence[PatientFilter] | None]",
        "slides": "NotRequired[SlideFilter | None]",
        "studyKey": "NotRequired[str | None]",
    },
)
"""Which patients. What is given together must all hold; an empty filter holds for every patient of the study."""


class PhenotypeGrouping(TypedDict):
    """Groups by the share that a phenotype has of each patient's patches; patients without patches in its codebook are left out."""

    phenotype: str
    """Global id of the phenotype, of a codebook of the study or of a cohort."""
    quantiles: NotRequired[int]
    """So many groups of equal size, 2 to 10; where more than half of the patients have none of it, two groups part those who have any."""


class Predicate(TypedDict):
    """One condition on a clinical attribute. Of what has no value only `isMissing` is ever true."""

    attribute: str
    """Key of the attribute."""
    test: PredicateTest
    """The condition; its kind must be that of the attribute, else `TYPE_MISMATCH`."""


class PredicateTest(TypedDict):
    """What a predicate asks. Exactly one field.

    Exactly one of its fields is given.
    """

    boolean: NotRequired[bool | None]
    """The value is true, or false."""
    category: NotRequired[Sequence[str] | None]
    """The value is one of these."""
    isMissing: NotRequired[bool | None]
    """There is no value (true), or there is one (false)."""
    number: NotRequired[NumberRange | None]
    """The value lies in this range."""
    textContains: NotRequired[str | None]
    """The text contains this, whatever the case."""


class PreprocessingInput(TypedDict):
    """What is done to the pixels of a patch before the encoder sees them."""

    qualityControl: NotRequired[bool]
    """Measure the quality of every patch while it is read: `blurVariance` (squared grey levels; low where out of focus), `penShare`
    (0 to 1 of its pixels: marker ink), `foldShare` (0 to 1 of its blocks of 10 µm: tissue that lies double) and `dabShare` (0 to 1
    of its pixels: brown of an immunostain). Nothing is left out: every patch is embedded, and `PatchFilter.measurements` chooses.
    """
    stainNormalization: NotRequired[StainNormalization]
    """How differences of staining between laboratories are evened out."""


class ReduceFeatureSetInput(TypedDict):
    """A feature set to reduce."""

    components: int
    """How many principal components are kept: the length of the new vectors."""
    featureSet: str
    """Id of the feature set whose vectors are reduced; those of slides that are embedded completely."""
    key: str
    """Key of the new feature set. One that exists must have been made with the same input, else `CONFLICT`."""
    sample: NotRequired[int | None]
    """To how many patches the components are fitted, drawn by the seed; all when left out. Every patch is projected either way."""
    seed: NotRequired[int]
    """Where sampling and iteration begin; the same seed gives the same components."""
    whiten: NotRequired[bool]
    """Scales each component to variance 1, so that all count alike."""


class RegionInput(TypedDict):
    """An outline on one slide."""

    polygon: Any
    """GeoJSON in level-0 pixels, y downwards: a Polygon or MultiPolygon (or a Feature with one), with or without holes; rings may
    be closed or not. Up to 20,000 vertices.
    """
    slide: str
    """Global id of the slide."""


class RegisterEncoderInput(TypedDict):
    """An encoder to register."""

    card: Any
    """How to feed the model: input size, µm/px, mean and standard deviation or value range, colour order, output and pooling.
    The documentation lists the card's fields.
    """
    citation: NotRequired[str | None]
    """What to cite."""
    dims: int
    """Length of its vectors; checked against the model."""
    key: str
    """Short name for queries."""
    licence: NotRequired[str | None]
    """Licence of the weights."""
    name: str
    """Title for people."""
    path: NotRequired[str | None]
    """The ONNX file, under a configured root of the server. Omit it for an encoder known by name only."""
    upload: NotRequired[str | None]
    """Id of an upload that `createUpload` gave, in place of `path`."""


class RegisterSlidesInput(TypedDict):
    """Slides to register."""

    paths: Sequence[str]
    """Files, folders or globs under a configured root of the server."""
    patientPattern: NotRequired[str | None]
    """A regular expression over the slide key whose group `patient` is the patient's key, such as
    `^(?<patient>TCGA-[^-]+-[^-]+)`. Without it each slide is its own patient, under the slide's key.
    """
    patients: NotRequired[Sequence[SlidePatientInput] | None]
    """Patients of single slides, before the pattern is tried."""
    stain: NotRequired[Stain]
    """The stain of all of them."""
    studyKey: str
    """The study that they go into."""


class RiskGrouping(TypedDict):
    """Groups by predicted risk. Only out-of-fold or external predictions count; a patient that the model was trained on is excluded with
    that reason.
    """

    model: str
    """Global id of a survival model whose unit is the patient."""
    quantiles: NotRequired[int]
    """So many groups of equal size, 2 to 10."""


class SaveCohortInput(TypedDict):
    """A cohort to save, or to save again under its key."""

    freeze: NotRequired[bool]
    """Fixes the patients as they are now."""
    key: str
    """Key of the cohort."""
    name: str
    """A name for people."""
    patients: PatientFilter
    """Its patients. Set operations are filters: `{and: [{cohort: a}, {not: {cohort: b}}]}`."""
    studyKey: str
    """Key of the study."""


class ScoreMilModelInput(TypedDict):
    """Patients or slides to score."""

    model: str
    """Global id of the model."""
    patients: NotRequired[PatientFilter | None]
    """Which patients; all with vectors when omitted."""
    slides: NotRequired[SlideFilter | None]
    """Which slides of them; all with vectors when omitted."""


class SetSlideResolutionInput(TypedDict):
    """A resolution told by a person."""

    micronsPerPixel: float
    """Micrometres per level-0 pixel, 0.05 to 20. A 20× scan is about 0.5, a 40× scan about 0.25."""
    slide: SlideBy
    """Which slide."""


class SimilarPatchesInput(TypedDict):
    """What to look for, and among which patches."""

    excludeSamePatient: NotRequired[bool]
    """Leave out the patches of the query's own patient, whose likeness says little. Matters only when the query is a patch."""
    featureSet: str
    """Global id of the feature set to search in."""
    filter: NotRequired[PatchFilter | None]
    """Among which patches; all of the feature set when omitted."""
    first: NotRequired[int]
    """How many hits, 1 to 1000."""
    minRecall: NotRequired[float]
    """Least share of the true nearest patches that the hits must hold, 0 to 1."""
    to: SimilarTo
    """What the hits shall look like."""


class SimilarPatientsInput(TypedDict):
    """Which patient to find the like of, and among which."""

    codebook: NotRequired[str | None]
    """Global id of a codebook; for PHENOTYPE_SHARES and PHENOTYPE_SETS, and only there."""
    featureSet: str
    """Global id of the feature set to search in."""
    filter: NotRequired[PatientFilter | None]
    """Among which patients; all of the feature set when omitted."""
    first: NotRequired[int]
    """How many hits, 1 to 1000."""
    method: NotRequired[SetDistance]
    """How patients are compared."""
    patient: str
    """Global id of the patient, who is never a hit himself."""


class SimilarPhenotypesInput(TypedDict):
    """What to compare phenotypes with."""

    codebook: str
    """Global id of the codebook whose phenotypes are compared."""
    first: NotRequired[int]
    """How many hits, 1 to 1000."""
    to: SimilarTo
    """With what; a phenotype may be of another codebook of the same feature set. The query's own phenotype is no hit."""


class SimilarSlidesInput(TypedDict):
    """Which slide to find the like of, and among which."""

    codebook: NotRequired[str | None]
    """Global id of a codebook; for PHENOTYPE_SHARES, and only there."""
    excludeSamePatient: NotRequired[bool]
    """Leave out the other slides of the same patient, whose likeness says little."""
    featureSet: str
    """Global id of the feature set to search in."""
    filter: NotRequired[SlideFilter | None]
    """Among which slides; all of the feature set when omitted."""
    first: NotRequired[int]
    """How many hits, 1 to 1000."""
    method: NotRequired[SetDistance]
    """How slides are compared."""
    slide: str
    """Global id of the slide; it is never a hit itself."""


class SimilarTo(TypedDict):
    """What the hits shall look like: exactly one of these.

    Exactly one of its fields is given.
    """

    image: NotRequired[ImageInput | None]
    """A picture: it is embedded by the feature set's encoder."""
    patch: NotRequired[str | None]
    """A patch of the same study, by its global id."""
    phenotype: NotRequired[str | None]
    """A phenotype of the same feature set: its centroid."""
    vector: NotRequired[VectorLike | None]
    """A vector that you computed yourself, as long as the feature set's `dims`."""


class SlideBy(TypedDict):
    """Names one slide, by global id or by study and key.

    Exactly one of its fields is given.
    """

    id: NotRequired[str | None]
    """Global id."""
    key: NotRequired[StudyKey | None]
    """Study and slide key."""


SlideFilter = TypedDict(
    "SlideFilter",
    {
        "and": "NotRequired[Sequence[SlideFilter] | None]",
        "clinical": "NotRequired[Sequence[Predicate] | None]",
        "hasFeatureSet": "NotRequired[str | None]",
        "ids": "NotRequired[Sequence[str] | None]",
        "keys": "NotRequired[Sequence[str] | None]",
        "not": "NotRequired[SlideFilter | None]",
        "or": "NotRequired[Sequence[SlideFilter] | None]",
        "patients": "NotRequired[PatientFilter | None]",
        "stains": "NotRequired[Sequence[Stain] | None]",
        "studyKey": "NotRequired[str | None]",
    },
)
"""Which slides. What is given together must all hold; an empty filter holds for every slide of the study."""


class SlidePatientInput(TypedDict):
    """Whose slide one slide is."""

    patientKey: str
    """The pseudonymous key of its patient."""
    slideKey: str
    """The slide's key: its file's stem."""


class SplitsInput(TypedDict):
    """How patients are parted; a patient is never on both sides.

    Exactly one of its fields is given.
    """

    folds: NotRequired[FoldsInput | None]
    """Stratified folds: by class, by event and time, or by value."""
    given: NotRequired[Any | None]
    """A list of folds. Each is a list of the keys of the patients to test, or `{"test": […], "train": […]}`, where `train` may be left out
    and is everybody else.
    """
    groupBy: NotRequired[str | None]
    """Key of a category of patients, such as the site: each of its values is tested with a head trained on the others."""


class StudyKey(TypedDict):
    """A key is unique only inside its study, so both are needed to name a patient or a slide."""

    key: str
    """Key of the thing inside the study."""
    studyKey: str
    """Key of the study."""


class SurvivalEndpointInput(TypedDict):
    """A time-to-event endpoint of a clinical table."""

    eventColumn: str
    """The column that says how it ended."""
    eventValues: Sequence[str]
    """The values of that column that mean the event: `["1"]`, `["0"]` for a censorship column, `["Dead"]`. All others mean censored."""
    key: str
    """Names the endpoint, such as `os`."""
    label: NotRequired[str | None]
    """A name for people, such as `Overall survival`."""
    timeColumn: str
    """The column that holds the time."""
    timeUnit: NotRequired[TimeUnit]
    """Unit of that column; a month is 30.4375 days, a year 365.25."""


class SurvivalGrouping(TypedDict):
    """What makes the groups. Exactly one field.

    Exactly one of its fields is given.
    """

    attribute: NotRequired[AttributeGrouping | None]
    """The values of an attribute."""
    cohorts: NotRequired[Sequence[str] | None]
    """Global ids of cohorts, at most 20; a patient in several counts in each, and then there is no test."""
    phenotype: NotRequired[PhenotypeGrouping | None]
    """The share of a phenotype."""
    risk: NotRequired[RiskGrouping | None]
    """The risk that a head predicts."""


class SurvivalInput(TypedDict):
    """A survival analysis to make."""

    confidence: NotRequired[float]
    """Level of confidence limits, between 0.5 and 0.999."""
    cox: NotRequired[CoxInput | None]
    """A Cox regression beside the curves."""
    endpoint: str
    """Key of the endpoint."""
    groupBy: NotRequired[SurvivalGrouping | None]
    """What makes the groups; none when left out."""
    patients: NotRequired[PatientFilter | None]
    """Which patients; all of the study when left out."""
    strata: NotRequired[Sequence[str] | None]
    """Keys of attributes that stratify the log-rank test and the regression."""
    studyKey: str
    """Key of the study."""


class SurvivalTaskInput(TypedDict):
    """An endpoint to predict."""

    endpoint: str
    """Key of the endpoint."""
    intervals: NotRequired[int | None]
    """Learn the hazard of so many intervals with about equally many events, 2 to 50 (discrete-time likelihood); when omitted, Cox's
    partial likelihood.
    """


class TileSlidesInput(TypedDict):
    """Slides to cut into patches."""

    grid: NotRequired[GridInput]
    """Which grid."""
    slides: SlideFilter
    """Which slides; it must name a study, by `studyKey`, ids or otherwise, and only one."""


class TrainMilModelInput(TypedDict):
    """A head to train."""

    architecture: MilArchitecture
    """How the patches of a bag become one prediction."""
    classWeights: NotRequired[bool]
    """Classes weigh the same, however many patients they have."""
    clinicalBaseline: NotRequired[Sequence[str] | None]
    """Keys of the patients' attributes of the clinical baseline (survival only): a Cox regression on the same folds. When omitted, those
    that nearly all patients have, in order of their keys, as many as one for every ten events.
    """
    codebook: NotRequired[str | None]
    """Global id of a codebook of the feature set, for DEEP_ATTN_MISL and only there. Of scope PATIENT any one of its codebooks."""
    dropout: NotRequired[float | None]
    """Share of the bag's representation that is dropped while training, 0 to below 1; the architecture's usual one when omitted."""
    epochs: NotRequired[int]
    """At most so many passes over the training patients, 1 to 10000."""
    featureSet: str
    """Global id of the feature set."""
    hidden: NotRequired[int | None]
    """Width of the layer in front of the pooling, up to 4096; 0 pools the vectors as they are; the architecture's usual one when omitted."""
    key: str
    """A key of its own in the study."""
    l1: NotRequired[float]
    """Weight of the sum of absolute parameters in the loss."""
    learningRate: NotRequired[float]
    """Step size of Adam."""
    maxPatchesPerStep: NotRequired[int]
    """Patches in one step, 1 to 65536: larger bags are sampled, anew in each epoch. Predictions always read whole bags."""
    optimiser: NotRequired[MilOptimiser]
    """How weight decay acts."""
    patience: NotRequired[int]
    """Stop when the validation loss has not fallen for so many epochs, 1 to 10000."""
    patients: NotRequired[PatientFilter | None]
    """Which patients; all that have vectors and a label when omitted."""
    patientsPerStep: NotRequired[int]
    """Patients in one step of the optimiser, 1 to 4096."""
    seed: NotRequired[int]
    """Seed of folds, first parameters, samples and dropout: the same seed gives the same folds, and metrics up to float noise."""
    slides: NotRequired[SlideFilter | None]
    """Which slides of them; all with vectors when omitted."""
    splits: NotRequired[SplitsInput | None]
    """How patients are parted into those trained and tested on; five stratified folds when omitted."""
    task: MilTaskInput
    """What to predict."""
    unit: NotRequired[MilUnit]
    """What gets one prediction."""
    weightDecay: NotRequired[float]
    """Weight decay; with ADAM it is added to the gradient, as PyTorch's Adam(weight_decay)."""
