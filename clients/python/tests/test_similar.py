"""Patches that look like a patch, a vector or a picture."""

from __future__ import annotations

import base64
import io
import zlib
from pathlib import Path

import numpy as np
import pytest

from histoql import HistoQL, HistoQLError, decode_vector
from histoql.hits import similar_to
from histoql.values import encode_png, encode_vector

PATCH = """query($featureSet: ID!, $like: Vector!) {
  similarPatches(input: { featureSet: $featureSet, to: { vector: $like }, first: 1 }) {
    hits { patch { id vector(featureSet: $featureSet) slide { key patient { key } } } }
  }
}"""


@pytest.fixture(scope="module")
def patch(hq: HistoQL, feature_set: dict) -> dict:
    found = hq.query(PATCH, featureSet=feature_set["id"], like=np.ones(feature_set["dims"], np.float32))
    return found["similarPatches"]["hits"][0]["patch"]


def test_vectors_go_to_the_server_and_back() -> None:
    vector = np.linspace(-1, 1, 7, dtype=np.float32)
    assert np.array_equal(decode_vector(encode_vector(vector)), vector)


def test_patches_like_a_patch_are_others(hq: HistoQL, feature_set: dict, patch: dict) -> None:
    hits = hq.similar(patch["id"], feature_set["id"], first=20)
    assert len(hits) == 20
    assert hits.search["isComplete"] is True
    similarities = [hit["similarity"] for hit in hits]
    assert similarities == sorted(similarities, reverse=True)
    own = patch["slide"]["patient"]["key"]
    assert own not in {hit["patch"]["slide"]["patient"]["key"] for hit in hits}
    frame = hits.frame()
    assert list(frame["patch.id"]) == [hit["patch"]["id"] for hit in hits]


def test_a_patch_may_be_asked_about_by_itself_as_a_hit_or_by_its_vector(
    hq: HistoQL, feature_set: dict, patch: dict
) -> None:
    by_id = hq.similar(patch["id"], feature_set["id"], first=5)
    assert list(hq.similar(patch, feature_set["id"], first=5)) == list(by_id)
    assert list(hq.similar({"patch": patch}, feature_set["id"], first=5)) == list(by_id)
    by_vector = hq.similar(decode_vector(patch["vector"]), feature_set["id"], first=1)
    assert by_vector[0]["patch"]["id"] == patch["id"]
    assert by_vector[0]["similarity"] == pytest.approx(1, abs=1e-3)


def test_a_filter_narrows_it_down(hq: HistoQL, feature_set: dict, patch: dict) -> None:
    among = {"slides": {"patients": {"keys": ["SYN-0002"]}}}
    hits = hq.similar(patch["id"], feature_set["id"], first=5, filter=among, exclude_same_patient=False)
    assert {hit["patch"]["slide"]["patient"]["key"] for hit in hits} == {"SYN-0002"}


def test_pictures_may_be_pixels_bytes_or_files(hq: HistoQL, feature_set: dict, patch: dict, tmp_path: Path) -> None:
    plt = pytest.importorskip("matplotlib.pyplot")
    hit = hq.similar(patch["id"], feature_set["id"], first=1, exclude_same_patient=False)[0]["patch"]
    picture = hq.fetch(hit["imageUrl"])
    pixels = plt.imread(io.BytesIO(picture), format="jpeg")
    path = tmp_path / "patch.jpg"
    path.write_bytes(picture)
    answers = [
        hq.similar(to, feature_set["id"], first=3, microns_per_pixel=0.5) for to in (pixels, picture, path)
    ]
    assert patch["id"] in [found["patch"]["id"] for found in answers[0]]
    ids = [[found["patch"]["id"] for found in answer] for answer in answers]
    assert ids[0] == ids[1] == ids[2]
    with pytest.raises(TypeError, match="microns_per_pixel"):
        hq.similar(pixels, feature_set["id"])


def test_a_vector_of_other_length_is_refused(hq: HistoQL, feature_set: dict) -> None:
    with pytest.raises(HistoQLError) as caught:
        hq.similar(np.ones(3, np.float32), feature_set["id"])
    assert caught.value.code == "DIMENSION_MISMATCH"


@pytest.mark.parametrize("shape", [(5, 7), (5, 7, 3), (5, 7, 4)])
def test_a_png_holds_the_pixels(shape: tuple[int, ...]) -> None:
    plt = pytest.importorskip("matplotlib.pyplot")
    pixels = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    read = plt.imread(io.BytesIO(encode_png(pixels)), format="png")
    assert np.array_equal(np.round(read * 255).astype(np.uint8), pixels)
    assert zlib.crc32(encode_png(pixels)) == zlib.crc32(encode_png(pixels))


@pytest.mark.parametrize("pixels", [np.zeros((2, 2), np.float32), np.zeros((2, 2, 2), np.uint8), np.zeros(4, np.uint8)])
def test_what_is_no_picture_is_refused(pixels: np.ndarray) -> None:
    with pytest.raises(TypeError):
        encode_png(pixels)


@pytest.mark.parametrize("mode", ["P", "CMYK", "YCbCr", "HSV", "LA", "1"])
def test_pictures_of_other_colours_are_made_rgb(mode: str) -> None:
    """The array of such a picture holds indices of a palette, inks or hues, which would pass for grey or RGB."""
    image = pytest.importorskip("PIL.Image")
    picture = image.new("RGB", (8, 8), (200, 40, 120)).convert(mode)
    sent = similar_to(picture, 0.5)["image"]["data"]
    arrived = image.open(io.BytesIO(base64.b64decode(sent))).convert("RGB")
    assert np.abs(np.asarray(arrived).astype(int) - np.asarray(picture.convert("RGB")).astype(int)).max() <= 1


def test_pictures_of_more_bits_are_refused() -> None:
    image = pytest.importorskip("PIL.Image")
    with pytest.raises(TypeError, match="uint8"):
        similar_to(image.new("I;16", (8, 8), 40_000), 0.5)
