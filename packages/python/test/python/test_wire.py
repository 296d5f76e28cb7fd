import json
import math
import struct
import unittest
import zlib
from pathlib import Path

from mosaic_worker import wire
from mosaic_worker.errors import BadMessage

VALUES = [
    None,
    True,
    0,
    -1,
    2**53 - 1,
    2**53,
    -(2**80),
    0.1,
    -0.0,
    1e300,
    math.nan,
    math.inf,
    -math.inf,
    "",
    "é \U0001f600 \ud800 \u2028",
    [],
    {},
    {"a": [1, {"b": None}]},
    {"$number": "NaN"},
    {"$object": {"$object": {}}},
    {"$": 1},
    {"$a": 1, "b": 2},
]


def frame(body: bytes) -> bytes:
    return struct.pack(">II", len(body), zlib.crc32(body)) + body


def same(one, other) -> bool:
    if isinstance(one, float):
        return struct.pack(">d", one) == struct.pack(">d", other) or (one != one and other != other)
    if isinstance(one, list):
        return isinstance(other, list) and len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict):
        return isinstance(other, dict) and list(one) == list(other) and all(same(one[name], other[name]) for name in one)
    return type(one) is type(other) and one == other


class Wire(unittest.TestCase):
    def test_values_come_back(self):
        for value in VALUES:
            (back,) = wire.FrameReader().take(wire.encode(value))
            self.assertTrue(same(value, back), (value, back))

    def test_frames_may_be_cut_anywhere(self):
        data = b"".join(map(wire.encode, VALUES))
        for size in (1, 2, 7, 8, 9, 1000):
            reader = wire.FrameReader()
            back = [value for at in range(0, len(data), size) for value in reader.take(data[at : at + size])]
            self.assertTrue(all(map(same, VALUES, back)) and len(back) == len(VALUES))
            self.assertTrue(reader.is_between_frames)

    def test_what_is_no_frame_is_said(self):
        wrong = wire.encode([1])[:4] + b"\0\0\0\0" + b"[1]"
        cases = {
            wrong: "checksum",
            struct.pack(">II", 2**31, 0): "2147483648 bytes",
            frame(b"{"): "no JSON",
            frame(b"NaN"): "no JSON",
            frame(b"\xff"): "no JSON",
            frame(b"1e999"): "larger than any double",
            frame(b'{"$number":"nan"}'): "spelled in a way",
            frame(b'{"$integer":"5"}'): "spelled in a way",
            frame(b"[" * 5000 + b"]" * 5000): "",
        }
        for data, words in cases.items():
            with self.assertRaises(BadMessage) as caught:
                list(wire.FrameReader().take(data))
            self.assertIn(words, str(caught.exception))

    def test_what_is_no_plain_data_is_not_sent(self):
        deep = []
        for _ in range(200):
            deep = [deep]
        for value in (object(), {1: 2}, deep, {"a": b"bytes"}):
            with self.assertRaises(BadMessage):
                wire.encode(value)

    def test_the_cases_that_both_languages_share(self):
        cases = json.loads((Path(__file__).parents[2] / "wire-cases.json").read_text("utf-8"))
        for case in cases["values"]:
            value, data = told(case["value"]), bytes.fromhex(case["frame"])
            (back,) = wire.FrameReader().take(data)
            # A whole number may be of either kind in a language that has two.
            self.assertTrue(same(value, back) or (isinstance(value, float) and value == back), case["name"])
            if case["written"]:
                self.assertEqual(wire.encode(value), data, case["name"])
        for case in cases["broken"]:
            reader = wire.FrameReader()
            try:
                values = list(reader.take(bytes.fromhex(case["bytes"])))
            except BadMessage:
                continue
            # What has come is too short for what it says.
            self.assertEqual((values, reader.is_between_frames), ([], False), case["name"])


def told(case):
    """The value that a case tells of."""
    kind, *rest = case
    if kind == "integer":
        return int(rest[0])
    if kind == "double":
        return float(rest[0])
    if kind == "text":
        return b"".join(unit.to_bytes(2, "little") for unit in rest[0]).decode("utf-16-le", "surrogatepass")
    if kind == "list":
        return [told(each) for each in rest[0]]
    if kind == "object":
        return {name: told(each) for name, each in rest[0]}
    return {"null": None, "true": True, "false": False}[kind]


if __name__ == "__main__":
    unittest.main()
