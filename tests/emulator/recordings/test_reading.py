"""Recordings in every form that recorders write, and files that are none."""

from __future__ import annotations

import base64
import gzip
import json
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from portico.emulator.recordings.exchanges import Exchange, RecordingError
from portico.emulator.recordings.reading import read_recording
from tests.emulator.recordings.tapes import LINK_READ, exchange, interaction, write_cassette

LINK = exchange("GET", "userPortalLink/1", 200, LINK_READ, headers={"user-agent": "test"})
TEXT = LINK.answer_body


def without_place(each: Exchange) -> dict[str, object]:
    """An exchange without the name of its file."""
    return {name: value for name, value in vars(each).items() if name != "where"}


@pytest.mark.parametrize(
    "body",
    [
        {"string": TEXT.decode()},
        {"string": TEXT},
        {"string": gzip.compress(TEXT)},
        {"base64_string": base64.b64encode(TEXT).decode()},
        {"base64_string": base64.b64encode(gzip.compress(TEXT)).decode()},
        TEXT.decode(),
    ],
    ids=["string", "bytes", "gzip", "base64", "base64 of gzip", "plain"],
)
def test_cassette_has_the_exchange(tmp_path: Path, body: object) -> None:
    path = write_cassette(tmp_path / "tape.yaml", interaction(LINK, body))

    (found,) = read_recording(path)

    assert without_place(found) == without_place(LINK)
    assert found.where == f"{path}, exchange 1"


def test_deflated_answer_is_read(tmp_path: Path) -> None:
    tape = interaction(LINK, {"string": zlib.compress(TEXT)})
    tape["response"]["headers"]["Content-Encoding"] = ["deflate"]

    (found,) = read_recording(write_cassette(tmp_path / "tape.yaml", tape))

    assert found.answer_body == TEXT


def test_decoded_body_with_the_header_of_its_coding_is_read(tmp_path: Path) -> None:
    tape = interaction(LINK)
    tape["response"]["headers"]["Content-Encoding"] = ["gzip"]

    (found,) = read_recording(write_cassette(tmp_path / "tape.yaml", tape))

    assert found.answer_body == TEXT


@pytest.mark.parametrize("encoded", [False, True])
def test_har_has_the_exchange(tmp_path: Path, encoded: bool) -> None:
    text = base64.b64encode(TEXT).decode() if encoded else TEXT.decode()
    content = {"size": len(TEXT), "mimeType": "application/json", "text": text}
    entry = {
        "request": {
            "method": "GET",
            "url": LINK.url,
            "headers": [{"name": n.title(), "value": v} for n, v in LINK.request_headers.items()],
        },
        "response": {
            "status": 200,
            "headers": [{"name": n, "value": v} for n, v in LINK.answer_headers.items()],
            "content": content | ({"encoding": "base64"} if encoded else {}),
        },
    }
    path = tmp_path / "tape.har"
    path.write_text(json.dumps({"log": {"version": "1.2", "entries": [entry]}}))

    (found,) = read_recording(path)

    assert without_place(found) == without_place(LINK)


def test_har_has_the_form_that_was_sent(tmp_path: Path) -> None:
    entry = {
        "request": {
            "method": "POST",
            "url": "https://config.private.zscaler.com/signin",
            "postData": {"params": [{"name": "client_id", "value": "a b"}]},
        },
        "response": {"status": 200},
    }
    path = tmp_path / "tape.har"
    path.write_text(json.dumps({"log": {"entries": [entry]}}))

    assert read_recording(path)[0].request_body == b"client_id=a+b"


def _cassette(change: Callable[[dict[str, Any]], object]) -> str:
    tape = interaction(LINK)
    change(tape)
    return json.dumps({"interactions": [tape]})


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a:\n- b\n c: [", "tape line 3: It is not YAML: "),
        ("{", "tape: It is not JSON: "),
        ("version: 1", "tape: It has no list of interactions, so it is no cassette."),
        ('{"log": {}}', "tape: Its log has no list of entries, so it is no HAR file."),
        ("interactions: [7]", "tape, exchange 1: It has no request."),
        (_cassette(lambda tape: tape.pop("response")), "exchange 1: It has no response."),
        (_cassette(lambda tape: tape["response"].pop("status")), "has no status code."),
        (
            _cassette(lambda tape: tape["response"].update(body={"base64_string": "A"})),
            "exchange 1: A body is not valid base64.",
        ),
    ],
)
def test_damaged_file_is_refused_with_its_place(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "tape"
    path.write_text(text)

    with pytest.raises(RecordingError) as caught:
        read_recording(path)

    assert sentence in caught.value.reason


@pytest.mark.parametrize(
    ("body", "coding", "sentence"),
    [
        (gzip.compress(TEXT)[:40] + b"\0" * 40, "gzip", "A compressed body is damaged."),
        (b"\x0b\x02", "br", "The body is compressed with br. Record it with gzip or uncompressed."),
        (gzip.compress(b"0" * (64 * 2**20 + 1)), "gzip", "A body has more than 64 MiB."),
    ],
    ids=["damaged", "brotli", "large"],
)
def test_body_that_cannot_be_decoded_is_refused(
    tmp_path: Path, body: bytes, coding: str, sentence: str
) -> None:
    tape = interaction(LINK, {"string": body})
    tape["response"]["headers"]["Content-Encoding"] = [coding]
    path = write_cassette(tmp_path / "tape", tape)

    with pytest.raises(RecordingError) as caught:
        read_recording(path)

    assert caught.value.reason == f"{path}, exchange 1: {sentence}"
