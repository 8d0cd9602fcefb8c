import { HistoError } from "../platform/errors.ts";

const INSTALL_OPENSLIDE = "Install OpenSlide (Debian: apt install libopenslide0, macOS: brew install openslide)";
const TIFF_SAVE = "vips tiffsave INPUT OUTPUT.tif --tile --pyramid --compression jpeg --Q 90 --bigtiff";
const BIO_FORMATS = `bfconvert -bigtiff -series 0 INPUT STEP.ome.tiff && ${TIFF_SAVE.replace("INPUT", "STEP.ome.tiff")}`;

const COPY_AGAIN =
  "Copy the slide again from its source and compare the checksums; a scan or transfer was probably cut short.";

export const fileNotFound = (cause: unknown) =>
  new HistoError("FILE_NOT_FOUND", "The slide's file does not exist or may not be read.", {
    fix: "Check the name and the permissions of the file, then register the slide again.",
    cause,
  });

/** A read that the decoder gave up. */
export const undecodable = (cause: unknown) =>
  new HistoError("SLIDE_CORRUPT", "The slide's image data cannot be decoded.", { fix: COPY_AGAIN, cause });

export const endsEarly = () =>
  new HistoError("SLIDE_CORRUPT", "The slide's file ends before its image data does.", { fix: COPY_AGAIN });

export const contradictsItself = () =>
  new HistoError("SLIDE_CORRUPT", "The slide's directory of images contradicts itself.", { fix: COPY_AGAIN });

export const openSlideMissing = () =>
  new HistoError("FORMAT_UNSUPPORTED", "OpenSlide is not installed on this machine.", { fix: `${INSTALL_OPENSLIDE}.` });

/** A scanner's own format that libvips would misread. */
export const needsOpenSlide = (format: string) =>
  new HistoError("FORMAT_UNSUPPORTED", `A slide of the format ${format} can only be read with OpenSlide.`, {
    fix: `${INSTALL_OPENSLIDE}, or convert the slide: ${BIO_FORMATS}`,
  });

/** A format that no backend here reads, known by name. */
export const needsConversion = (format: string) =>
  new HistoError("FORMAT_UNSUPPORTED", `${format} files cannot be read.`, { fix: `Convert the slide: ${BIO_FORMATS}` });

export const needsNewerOpenSlide = (version: string | null) =>
  new HistoError(
    "FORMAT_UNSUPPORTED",
    version
      ? `This DICOM slide cannot be read with OpenSlide ${version}.`
      : "A DICOM slide can only be read with OpenSlide ≥ 4.",
    { fix: `Install OpenSlide ≥ 4, or convert the slide: ${BIO_FORMATS}` },
  );

export const unsupportedTiff = () =>
  new HistoError("FORMAT_UNSUPPORTED", "The TIFF's compression, colours or bit depth cannot be read.", {
    fix: `${INSTALL_OPENSLIDE}, or convert the slide to 8-bit RGB: ${BIO_FORMATS}`,
  });

export const stackOfPlanes = () =>
  new HistoError(
    "FORMAT_UNSUPPORTED",
    "The OME-TIFF holds several channels, focal planes or time points, not one RGB picture.",
    {
      fix: `Choose one: bfconvert -bigtiff -channel 0 -z 0 -timepoint 0 INPUT STEP.ome.tiff && ${TIFF_SAVE.replace("INPUT", "STEP.ome.tiff")}`,
    },
  );

export const notASlide = (cause?: unknown) =>
  new HistoError("FORMAT_UNSUPPORTED", "The file is not a slide or picture of a known format.", {
    fix: `Give an SVS, NDPI, MRXS, SCN, BIF, TIFF, PNG or JPEG file; other formats are converted with Bio-Formats: ${BIO_FORMATS}`,
    cause,
  });

export const tooLargeWithoutTiles = () =>
  new HistoError("FORMAT_UNSUPPORTED", "The picture is too large to be read without tiles.", {
    fix: `Convert it: ${TIFF_SAVE}`,
  });
