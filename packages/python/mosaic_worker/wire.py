"""The wire: one frame a message. Length of the body, CRC-32 of the body (both 32 bit, highest byte first), body in UTF-8 JSON.

What JSON cannot say has a spelling: `{"$number": "NaN"}` (Infinity, -Infinity, -0), `{"$integer": "9007199254740993"}`,
and `{"$object": {…}}` for an object of the sender's own that looks like one of these.
"""
from __future__ import annotations

import json
import math
import re
import struct
import zlib
from typing import Any, Iterator

from .errors import BadMessage

MOST_BODY_BYTES = 64 * 1024 * 1024
MOST_LEVELS = 100
_HEAD = struct.Struct(">II")
_LARGEST_EXACT = 2**53 - 1
_NUMBERS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf, "-0": -0.0}
_INTEGER = re.compile(r"-?[1-9][0-9]{15,999}\Z")


def encode(value: Any) -> bytes:
    """The frame of a value. Raises BadMessage where it is no plain data, or too large."""
    body = write_value(value)
    if len(body) > MOST_BODY_BYTES:
        raise BadMessage(f"a message of {len(body)} bytes cannot be sent; {MOST_BODY_BYTES} are the most")
    return _HEAD.pack(len(body), zlib.crc32(body)) + body


def write_value(value: Any) -> bytes:
    """The body of a value. Raises BadMessage where it is no plain data."""
    try:
        text = json.dumps(_spelled(value, 0), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        # A lone surrogate has no UTF-8; JSON can escape it.
        return _escape_surrogates(text).encode("utf-8")
    except (TypeError, ValueError, RecursionError) as error:
        raise BadMessage(f"a message cannot be sent: {error}") from error


def _escape_surrogates(text: str) -> str:
    return re.sub("[\ud800-\udfff]", lambda found: f"\\u{ord(found.group()):04x}", text)


def _spelled(value: Any, level: int) -> Any:
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return {"$integer": str(value)} if abs(value) > _LARGEST_EXACT else int(value)
    if isinstance(value, float):
        return _spelled_float(float(value))
    if level == MOST_LEVELS:
        raise BadMessage(f"a message cannot be sent: it is nested more than {MOST_LEVELS} levels deep")
    if isinstance(value, dict):
        if not all(isinstance(name, str) for name in value):
            raise BadMessage("a message cannot be sent: a name is no text")
        fields = {name: _spelled(field, level + 1) for name, field in value.items()}
        looks_like_spelling = len(fields) == 1 and next(iter(fields)).startswith("$")
        return {"$object": fields} if looks_like_spelling else fields
    if isinstance(value, (list, tuple)):
        return [_spelled(item, level + 1) for item in value]
    raise BadMessage(f"a message cannot be sent: it holds an object of {type(value).__name__}")


def _spelled_float(value: float) -> Any:
    if math.isnan(value):
        return {"$number": "NaN"}
    if math.isinf(value):
        return {"$number": "Infinity" if value > 0 else "-Infinity"}
    if value == 0 and math.copysign(1, value) < 0:
        return {"$number": "-0"}
    return value


def read_value(body: bytes) -> Any:
    """The value of a body. Raises BadMessage where it is none."""
    try:
        value = json.loads(body.decode("utf-8"), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise BadMessage(f"it is no JSON: {error}") from error
    return _restored(value, 0)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _restored(value: Any, level: int) -> Any:
    if isinstance(value, float) and math.isinf(value):
        raise BadMessage("a number is larger than any double")
    if not isinstance(value, (dict, list)):
        return value
    if level == MOST_LEVELS:
        raise BadMessage(f"it is nested more than {MOST_LEVELS} levels deep")
    if isinstance(value, list):
        return [_restored(item, level + 1) for item in value]
    if len(value) == 1:
        ((only, said),) = value.items()
        if only.startswith("$"):
            return _unspelled(only, said, level)
    return {name: _restored(field, level + 1) for name, field in value.items()}


def _unspelled(kind: str, said: Any, level: int) -> Any:
    if kind == "$number" and isinstance(said, str) and said in _NUMBERS:
        return _NUMBERS[said]
    if kind == "$integer" and isinstance(said, str) and _INTEGER.match(said) and abs(int(said)) > _LARGEST_EXACT:
        return int(said)
    if kind == "$object" and isinstance(said, dict):
        return {name: _restored(field, level + 1) for name, field in said.items()}
    raise BadMessage(f"{kind} is spelled in a way that nobody writes")


class FrameReader:
    """Takes bytes as they come. After an error nothing else that comes can be told apart."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    @property
    def is_between_frames(self) -> bool:
        return not self._bytes

    def take(self, data: bytes) -> Iterator[Any]:
        """The values that are whole now. Raises BadMessage for what is no frame."""
        self._bytes += data
        while len(self._bytes) >= _HEAD.size:
            length, checksum = _HEAD.unpack_from(self._bytes)
            if length > MOST_BODY_BYTES:
                raise BadMessage(f"a frame says that it has {length} bytes; {MOST_BODY_BYTES} are the most")
            end = _HEAD.size + length
            if len(self._bytes) < end:
                return
            body = bytes(self._bytes[_HEAD.size : end])
            if zlib.crc32(body) != checksum:
                raise BadMessage("the checksum of a frame is wrong")
            del self._bytes[:end]
            yield read_value(body)
