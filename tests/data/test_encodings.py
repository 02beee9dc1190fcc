import numpy as np
import torch

from ganops.data.encodings import (
    ALL_ENCODINGS,
    ENCODINGS,
    decode,
    decode_images,
    decode_points,
    encode_images,
    encode_points,
)


def all_values() -> torch.Tensor:
    return torch.arange(256, dtype=torch.uint8).reshape(1, 1, 16, 16)


def test_every_pixel_value_round_trips() -> None:
    assert torch.equal(decode_images(encode_images(all_values())), all_values())


def test_range_is_symmetric() -> None:
    values = encode_images(all_values())
    assert (values.min().item(), values.max().item()) == (-1.0, 1.0)
    np.testing.assert_allclose(values.flatten().numpy(), -values.flatten().flip(0).numpy(), atol=1e-7)


def test_decoding_clips_and_rounds() -> None:
    steps = torch.tensor([-1.5, -1.0, 0.0, 0.4 / 127.5, 0.6 / 127.5, 1.0, 2.0])
    # 127.5 lies between two values and goes to the even one; +0.4 and +0.6 of a step then both lie nearest to 128.
    assert decode_images(steps.reshape(1, 1, 1, 7)).flatten().tolist() == [0, 0, 128, 128, 128, 255, 255]


def test_rounding_is_to_the_nearest() -> None:
    near = (torch.tensor([99.6, 100.4, 100.6]) / 127.5 - 1.0).reshape(1, 1, 1, 3)
    assert decode_images(near).flatten().tolist() == [100, 100, 101]


def test_bfloat16_is_decoded_in_float32() -> None:
    values = encode_images(all_values()).to(torch.bfloat16)
    assert torch.equal(decode_images(values), decode_images(values.to(torch.float32)))


def test_encoding_does_not_change_its_input() -> None:
    values = torch.linspace(-2, 2, 16).reshape(1, 1, 4, 4)
    before = values.clone()
    decode_images(values)
    assert torch.equal(values, before)


def test_every_coordinate_round_trips() -> None:
    points = torch.tensor([[-4.05, 1e-20, 3.3333333], [5.1, -0.0, 1e20]])
    assert torch.equal(decode_points(encode_points(points)), points)
    assert encode_points(torch.full((1, 2), 4.0)).tolist() == [[1.0, 1.0]]


def test_model_values_become_stored_values_of_the_field() -> None:
    assert decode("image", torch.full((1, 1, 2, 2), 9.0)).unique().tolist() == [255]
    assert decode("point", torch.full((1, 2), 9.0)).tolist() == [[36.0, 36.0]]


def test_a_mask_is_1_where_it_is_nearer_to_white() -> None:
    grey = torch.tensor([0, 127, 128, 255], dtype=torch.uint8).reshape(1, 1, 2, 2)
    assert ALL_ENCODINGS["mask"].encode(grey).flatten().tolist() == [0.0, 0.0, 1.0, 1.0]


def test_every_sample_of_a_wave_is_encoded_exactly_and_restored() -> None:
    stored = torch.arange(-(2**15), 2**15).to(torch.int16)[None, None]
    values = ALL_ENCODINGS["wave"].encode(stored)
    assert values.dtype == torch.float32 and values.min() == -1 and values.max() == 1 - 2**-15
    assert torch.equal(decode("wave", values), stored)
    beyond = decode("wave", torch.tensor([[[-1.5, 1.0, 1.5]]]))
    assert beyond.tolist() == [[[-32768, 32767, 32767]]], "clipped"


def test_every_encoding_has_a_name_of_its_own() -> None:
    encodings = {id(encoding): encoding.name for encoding in ALL_ENCODINGS.values()}
    assert len({*encodings.values()}) == len(encodings), "inputs are encoded as pictures are"
    assert all(ENCODINGS[field].decode for field in ENCODINGS), "what is generated is decoded"
