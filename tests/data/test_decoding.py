import numpy as np
import pytest
from PIL import Image, features

from ganops.data.decoding import decode, find_peak, is_16_bit, open_picture, read_shape
from ganops.data.sources.source import UnreadablePicture
from ganops.preparation_config import PictureLimits

from .encoded import (
    animated,
    encoded,
    late_exif,
    noise,
    oriented,
    picture,
    png,
    resized_header,
    rgb_16_bits,
    text_bomb,
    ycck,
)


def random(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_lossless_pictures_are_read_exactly(channels: int) -> None:
    pixels = random(5, 7, channels)
    picture = Image.fromarray(pixels[:, :, 0] if channels == 1 else pixels)
    np.testing.assert_array_equal(decode(encoded(picture)), pixels)


def test_palettes_become_their_colours() -> None:
    picture = Image.new("P", (2, 1))
    picture.putpalette([10, 20, 30, 40, 50, 60])
    picture.putpixel((1, 0), 1)
    assert decode(encoded(picture)).tolist() == [[[10, 20, 30], [40, 50, 60]]]


def test_a_transparent_palette_entry_becomes_opacity() -> None:
    picture = Image.new("P", (2, 1))
    picture.putpalette([10, 20, 30, 40, 50, 60])
    picture.putpixel((1, 0), 1)
    assert decode(encoded(picture, transparency=1)).tolist() == [[[10, 20, 30, 255], [40, 50, 60, 0]]]


def test_16_bits_keep_their_upper_8() -> None:
    values = np.array([[0, 128, 129, 257, 32768, 65535]], dtype=np.uint16)
    assert decode(encoded(Image.fromarray(values)))[0, :, 0].tolist() == [0, 0, 1, 1, 128, 255]


def test_one_bit_is_black_and_white() -> None:
    picture = Image.fromarray(np.array([[0, 255]], dtype=np.uint8)).convert("1")
    assert decode(encoded(picture)).tolist() == [[[0], [255]]]


def test_cmyk_becomes_colour() -> None:
    # No cyan, all magenta and yellow, no black: red.
    red = decode(encoded(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), "tiff"))
    assert red.shape == (8, 8, 3)
    assert (red == [255, 0, 0]).all()


def test_adobes_ycck_becomes_colour() -> None:
    # Adobe stores complements: Y = 120 without colour is a lightness of 135, and a black of 200 leaves 200 / 255.
    grey = decode(ycck(120, 128, 128, 200))
    assert grey.shape == (16, 16, 3)
    assert np.abs(grey.astype(int) - 135 * 200 / 255).max() <= 1
    # A low Cr is no red in YCbCr, so all of it here: R = 120 − 1.402 · 88, G = 120 + 0.714 · 88, B = 120.
    red = decode(ycck(120, 128, 40, 255))
    assert np.abs(red.astype(int) - [255, 255 - 183, 135]).max() <= 2


def test_inverted_cmyk_of_a_jpeg_becomes_colour() -> None:
    red = decode(encoded(Image.new("CMYK", (16, 16), (0, 255, 255, 0)), "jpeg", quality=100))
    assert np.abs(red.astype(int) - [255, 0, 0]).max() <= 3


def test_16_bits_of_colour_keep_their_upper_8() -> None:
    values = np.random.default_rng(0).integers(0, 65536, (5, 6, 3), dtype=np.uint16)
    np.testing.assert_array_equal(decode(rgb_16_bits(values)), values >> 8)


@pytest.mark.parametrize("form", ["gif", "webp", "png", "tiff", "mpo"])
def test_the_first_frame_or_page_is_read(form: str) -> None:
    options = {"lossless": True} if form == "webp" else {}
    single = encoded(picture(3), "jpeg" if form == "mpo" else form, **options)
    np.testing.assert_array_equal(decode(animated(3, form, **options)), decode(single))


ORIENTATIONS = [
    lambda p: p,
    lambda p: p[:, ::-1],
    lambda p: p[::-1, ::-1],
    lambda p: p[::-1],
    lambda p: p.swapaxes(0, 1),
    lambda p: np.rot90(p, k=-1),
    lambda p: p[::-1, ::-1].swapaxes(0, 1),
    np.rot90,
]


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("form", ["png", "webp", "tiff"])
def test_exif_orientation_is_applied(orientation: int, form: str) -> None:
    pixels = random(4, 6, 3)
    options = {"lossless": True} if form == "webp" else {}
    turned = oriented(Image.fromarray(pixels), orientation, form, **options)
    np.testing.assert_array_equal(decode(turned), ORIENTATIONS[orientation - 1](pixels))
    assert read_shape(turned) == decode(turned).shape


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.skipif(not features.check("avif"), reason="Pillow was built without AVIF")
def test_exif_is_applied_to_avif(orientation: int) -> None:
    content = oriented(picture(0), orientation, "avif", quality=100, subsampling="4:4:4")
    expected = ORIENTATIONS[orientation - 1](np.asarray(picture(0)))
    assert read_shape(content) == decode(content).shape == expected.shape
    assert np.abs(decode(content).astype(int) - expected).max() <= 4


@pytest.mark.parametrize("form", ["jpeg2000", "bmp", "ppm"])
def test_lossless_formats_are_read_exactly(form: str) -> None:
    content = encoded(picture(0), form)
    np.testing.assert_array_equal(decode(content), np.asarray(picture(0)))


def test_exif_after_the_pixels_is_applied() -> None:
    pixels = random(4, 6, 3)
    np.testing.assert_array_equal(decode(late_exif(Image.fromarray(pixels), 6)), np.rot90(pixels, k=-1))


@pytest.mark.parametrize("exif", [b"Exif\0\0MM nonsense", b"Exif\0\0", b"Exif\0\0II*\0\xff\xff\xff\xff"])
def test_damaged_exif_is_ignored(exif: bytes) -> None:
    plain = picture(0)
    np.testing.assert_array_equal(decode(encoded(plain, "jpeg", exif=exif)), decode(encoded(plain, "jpeg")))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "RGB", "RGBA", "P"])
def test_the_header_gives_the_shape(mode: str) -> None:
    content = encoded(picture(0, mode))
    assert read_shape(content) == decode(content).shape


def test_jpegs_are_downscaled_to_at_least_twice_the_target() -> None:
    content = encoded(Image.fromarray(noise(0, 603, 805)), "jpeg")
    for least, size, extent in (
        ((64, 64), (202, 151), (201.25, 150.75)),
        ((37, 40), (101, 76), (100.625, 75.375)),
        ((64, 201), (403, 302), (402.5, 301.5)),
        ((302, 300), (805, 603), (805, 603)),
    ):
        with open_picture(content, least) as shrunk:
            assert (shrunk.picture.size, shrunk.extent) == (size, extent), least
    with open_picture(content) as whole:
        assert whole.picture.size == (805, 603)


def test_the_pixel_limit_is_checked_before_decoding() -> None:
    message = r"more pixels than data_preparation\.limits\.megapixels=52 allows"
    for content in (png(52_001, 1000), resized_header(encoded(picture(0), "jpeg"), 40_000, 40_000)):
        for reads in (decode, read_shape, find_peak, is_16_bit):
            with pytest.raises(UnreadablePicture, match=message):
                reads(content)


@pytest.mark.parametrize(("width", "height"), [(8160, 6144), (8192, 6144), (8688, 5792), (8256, 6192)])
def test_cameras_of_50_megapixels_are_within_the_limit(width: int, height: int) -> None:
    assert read_shape(png(width, height)) == (height, width, 1)


def test_jpeg_2000_may_have_a_third_of_the_pixels() -> None:
    content = encoded(Image.new("L", (1000, 400)), "jpeg2000")
    assert decode(content, limits=PictureLimits(megapixels=2)).shape == (400, 1000, 1)
    with pytest.raises(UnreadablePicture, match="megapixels=1 allows"):
        decode(content, limits=PictureLimits(megapixels=1))
    assert decode(encoded(Image.new("L", (1000, 400))), limits=PictureLimits(megapixels=1)).shape == (400, 1000, 1)


@pytest.mark.parametrize("kind", [b"zTXt", b"iCCP"])
def test_a_hundred_megabytes_of_text_are_refused(kind: bytes) -> None:
    with pytest.raises(UnreadablePicture, match="MAX_TEXT_CHUNK"):
        decode(text_bomb(kind))


def test_a_lack_of_memory_is_not_an_unreadable_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(picture: Image.Image) -> None:
        raise MemoryError

    monkeypatch.setattr("PIL.PngImagePlugin.PngImageFile.load", fail)
    with pytest.raises(MemoryError):
        decode(encoded(picture(0)))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"hello", "not a picture in a known format"),
        (b"", "an empty file"),
        (encoded(Image.fromarray(random(64, 64, 3)))[:500], "truncated|broken|Truncated"),
        (encoded(Image.fromarray(random(64, 64, 3)), "jpeg")[:900], "truncated"),
        (encoded(Image.new("F", (3, 3)), "tiff"), "floating-point"),
        (encoded(Image.fromarray(np.array([[70000]], dtype=np.int32)), "tiff"), "beyond 16 bits"),
    ],
)
def test_unreadable_pictures_have_a_reason(content: bytes, reason: str) -> None:
    with pytest.raises(UnreadablePicture, match=reason) as caught:
        decode(content)
    assert "0x" not in str(caught.value)  # an address would differ from run to run
