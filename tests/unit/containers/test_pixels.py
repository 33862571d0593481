"""The decoder of image files: depths, transparency, orientation, limits and what is refused."""

from __future__ import annotations

import io
import shutil
import struct
import subprocess
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageFile, ImageOps

from brainconv.containers import pixels
from brainconv.containers.pixels import decode_image
from brainconv.errors import InvalidInputError
from brainconv.io import ZipImages
from brainconv.recordings.readers.brainio_stimuli import read_stimuli
from brainconv.stimuli import load_stimuli


def encode(picture: Image.Image, file_format: str = "PNG", **options: Any) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, file_format, **options)
    return stream.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, *, depth: int, colour: int, rows: bytes, extra: bytes = b"") -> bytes:
    """A PNG file of any depth and colour type, which Pillow cannot write in all of them."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + extra + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


RGB = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
LEVELS = np.array([[0, 1, 127, 128, 200, 254, 255]], dtype=np.uint8)


def three(grey: np.ndarray) -> np.ndarray:
    return np.repeat(grey[..., None], 3, axis=2)


@pytest.mark.parametrize("file_format", ["PNG", "BMP", "TIFF", "PPM", "GIF", "WEBP", "JPEG"])
def test_every_format_becomes_rgb(file_format: str) -> None:
    read = decode_image(
        encode(Image.fromarray(RGB), file_format, **({"lossless": True} if file_format == "WEBP" else {})), what="x"
    )
    assert read.dtype == np.uint8
    assert read.flags["C_CONTIGUOUS"]
    assert read.shape == RGB.shape
    if file_format not in ("GIF", "JPEG"):
        np.testing.assert_array_equal(read, RGB)


def test_grey_bits_and_palettes_become_rgb() -> None:
    np.testing.assert_array_equal(decode_image(encode(Image.fromarray(LEVELS)), what="x"), three(LEVELS))
    bits = decode_image(encode(Image.fromarray(LEVELS).convert("1")), what="x")
    assert set(np.unique(bits)) == {0, 255}
    palette = Image.fromarray(RGB).quantize(35)
    np.testing.assert_array_equal(decode_image(encode(palette), what="x"), np.asarray(palette.convert("RGB")))


@pytest.mark.parametrize("factor", [256, 257], ids=["shifted", "stretched"])
@pytest.mark.parametrize("file_format", ["PNG", "TIFF", "PPM"])
def test_grey_of_16_bits_keeps_its_upper_byte(factor: int, file_format: str) -> None:
    wide = LEVELS.astype(np.uint16) * factor
    np.testing.assert_array_equal(decode_image(encode(Image.fromarray(wide), file_format), what="x"), three(LEVELS))


@pytest.mark.parametrize("factor", [256, 257], ids=["shifted", "stretched"])
def test_colour_of_16_bits_keeps_its_upper_byte(factor: int) -> None:
    rows = b"".join(b"\0" + (line.astype(">u2") * factor).astype(">u2").tobytes() for line in RGB)
    np.testing.assert_array_equal(decode_image(png(7, 5, depth=16, colour=2, rows=rows), what="x"), RGB)


def test_a_16_bit_ramp_has_the_mean_of_its_8_bit_twin() -> None:
    ramp = np.tile(np.linspace(0, 65535, 32), (16, 1)).astype(np.uint16)
    assert decode_image(encode(Image.fromarray(ramp)), what="x").mean() == pytest.approx(127.5, abs=0.1)


def tiff(values: np.ndarray, *, bits: int, photometric: int = 1, sample_format: int = 1) -> bytes:
    """A grey TIFF file as instruments write them."""
    data = values.astype("<u2").tobytes()
    tags = [(256, 4, values.shape[1]), (257, 4, values.shape[0]), (258, 3, bits), (259, 3, 1), (262, 3, photometric)]
    tags += [(273, 4, 8), (277, 3, 1), (278, 4, values.shape[0]), (279, 4, len(data)), (339, 3, sample_format)]
    entries = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in tags)
    return b"II*\0" + struct.pack("<I", 8 + len(data)) + data + struct.pack("<H", len(tags)) + entries + b"\0" * 4


def test_a_tiff_whose_zero_is_white_is_no_negative() -> None:
    wide = LEVELS.astype(np.uint16) * 257
    np.testing.assert_array_equal(decode_image(tiff(wide, bits=16), what="x"), three(LEVELS))
    np.testing.assert_array_equal(decode_image(tiff(65535 - wide, bits=16, photometric=0), what="x"), three(LEVELS))


@pytest.mark.parametrize(
    "data",
    [
        encode(Image.fromarray(np.zeros((2, 2), np.float32)), "TIFF"),
        encode(Image.fromarray(np.zeros((2, 2), np.int32)), "TIFF"),
        tiff(np.zeros((2, 2), np.uint16), bits=12),
        tiff(np.zeros((2, 2), np.uint16), bits=16, sample_format=2),
    ],
    ids=["float", "32 bits", "12 bits", "signed"],
)
def test_values_of_unknown_range_are_refused(data: bytes) -> None:
    with pytest.raises(InvalidInputError, match=r"x (has .*range is not known|cannot be decoded)"):
        decode_image(data, what="x")


CLEAR = np.dstack([np.full((4, 4, 3), 200, np.uint8), np.zeros((4, 4), np.uint8)])
CLEAR[0, 0, 3] = 255


@pytest.mark.parametrize("mode", ["RGBA", "LA", "PA", "P with a clear colour", "grey of 16 bits with a clear level"])
def test_transparent_pixels_are_put_on_mid_grey(mode: str) -> None:
    if mode.startswith("P "):
        picture = Image.fromarray(np.ones((4, 4), np.uint8)).convert("P")
        picture.putpalette([200, 200, 200, 9, 9, 9])
        picture.putpixel((0, 0), 0)
        data = encode(picture, transparency=1)
    elif mode.startswith("grey"):
        levels = np.full((4, 4), 777, ">u2")
        levels[0, 0] = 200 << 8
        rows = b"".join(b"\0" + line.tobytes() for line in levels)
        data = png(4, 4, depth=16, colour=0, rows=rows, extra=chunk(b"tRNS", struct.pack(">H", 777)))
    elif mode == "PA":
        data = encode(Image.fromarray(CLEAR).convert("PA").convert("RGBA"), "WEBP", lossless=True)
    else:
        data = encode(Image.fromarray(CLEAR).convert(mode))
    read = decode_image(data, what="x")
    assert read[0, 0].tolist() == [200, 200, 200]
    assert (read.reshape(-1, 3)[1:] == pixels.MID_GREY).all()


def test_half_transparent_pixels_are_half_grey() -> None:
    half = np.dstack([np.full((2, 2, 3), 200, np.uint8), np.full((2, 2), 128, np.uint8)])
    assert np.abs(decode_image(encode(Image.fromarray(half)), what="x").astype(int) - 164).max() <= 1


@pytest.mark.parametrize("file_format", ["PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(orientation: int, file_format: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"lossless": True} if file_format == "WEBP" else {}
    data = encode(Image.fromarray(RGB), file_format, exif=exif, **options)
    turned = Image.fromarray(RGB)
    turned.getexif()[0x0112] = orientation
    expected = np.asarray(ImageOps.exif_transpose(turned))
    np.testing.assert_array_equal(decode_image(data, what="x"), expected)


def test_a_photograph_held_upright_comes_upright() -> None:
    scene = np.zeros((40, 20, 3), np.uint8)
    scene[:20] = 255  # the sky
    exif = Image.Exif()
    exif[0x0112] = 6  # "turn me clockwise": the camera stored the scene turned anticlockwise
    read = decode_image(encode(Image.fromarray(np.rot90(scene)), "JPEG", quality=100, exif=exif), what="x")
    assert read.shape == scene.shape
    assert read[:16].min() > 240 > 15 > read[24:].max()


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
def test_damaged_exif_data_do_not_cost_the_picture() -> None:
    data = encode(Image.fromarray(RGB), exif=b"Exif\0\0II*\0\xff\xff\xff\xff")
    np.testing.assert_array_equal(decode_image(data, what="x"), RGB)


@pytest.mark.parametrize("kind", ["16 bits", "transparent", "turned", "grey", "palette"])
def test_folder_archive_and_brainio_give_the_same_pixels(tmp_path: Path, kind: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 8
    data = {
        "16 bits": encode(Image.fromarray(LEVELS.astype(np.uint16) * 257)),
        "transparent": encode(Image.fromarray(CLEAR)),
        "turned": encode(Image.fromarray(RGB), exif=exif),
        "grey": encode(Image.fromarray(LEVELS)),
        "palette": encode(Image.fromarray(RGB).quantize(8)),
    }[kind]
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "1.png").write_bytes(data)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("1.png", data)
    (tmp_path / "a.csv").write_text("stimulus_id,filename\none,1.png\n")
    first = load_stimuli(tmp_path / "folder").images[0]
    np.testing.assert_array_equal(ZipImages(tmp_path / "a.zip")[0], first)
    brainio = read_stimuli(tmp_path / "a.csv", tmp_path / "a.zip", name="set")
    np.testing.assert_array_equal(brainio.images[0], first)


EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n(x) run\n%%EOF\n"
PSD = b"8BPS\0\1" + b"\0" * 6 + struct.pack(">HIIHH", 3, 4, 4, 8, 3) + b"\0" * 200


@pytest.mark.parametrize("data", [EPS, PSD, b"", b"GIF89a", encode(Image.fromarray(RGB), "TGA")])
def test_other_formats_are_refused_and_start_no_program(data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    def started(*args: object, **_: object) -> None:
        raise AssertionError(args)

    monkeypatch.setattr(subprocess, "Popen", started)
    monkeypatch.setattr(shutil, "which", started)
    with pytest.raises(InvalidInputError, match=r"picture\.png cannot be decoded as an image") as caught:
        decode_image(data, what="picture.png")
    assert "0x" not in str(caught.value)


@pytest.mark.parametrize("width", [9000, 20_000, 2**31 - 1])
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_a_bomb_is_refused_before_it_is_unpacked(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = png(width, 8000, depth=8, colour=0, rows=b"")
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda _: pytest.fail("pixels were asked for"))
    with pytest.raises(InvalidInputError, match="pixels"):
        decode_image(bomb, what="x")


def test_animations_and_pages_are_refused() -> None:
    frames = [Image.fromarray(np.full((4, 4, 3), level, np.uint8)) for level in (10, 200)]
    for file_format in ("GIF", "TIFF", "WEBP", "PNG"):
        data = encode(frames[0], file_format, save_all=True, append_images=frames[1:])
        with pytest.raises(InvalidInputError, match="several frames or pages"):
            decode_image(data, what="x")
    # a camera's JPEG with a second picture inside shows the first
    assert decode_image(encode(frames[0], "MPO", save_all=True, append_images=frames[1:]), what="x").max() < 20


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow says what it passes over
@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "TIFF", "GIF", "WEBP", "BMP", "PPM"])
def test_damage_ends_in_a_sentence(file_format: str) -> None:
    whole = encode(Image.fromarray(np.random.default_rng(2).integers(0, 256, (40, 50, 3), dtype=np.uint8)), file_format)
    rng = np.random.default_rng(3)
    for _ in range(60):
        data = bytearray(whole)
        for place in rng.integers(0, min(len(data), 200), 3):
            data[place] = int(rng.integers(256))
        try:
            image = decode_image(bytes(data[: int(rng.integers(1, len(data) + 1))]), what="x")
        except InvalidInputError:
            continue
        assert image.dtype == np.uint8
        assert image.shape[2] == 3
