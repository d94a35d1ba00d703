"""OpenTelemetry traces, as a collector receives them, and the log of slow requests."""

from __future__ import annotations

import sys
import time
from typing import Any

import pytest

from portico.observability.traces import TracingUnavailable, exporter_name, require_tracing
from tests.harness import LINKS
from tests.observability.conftest import Watched

pytestmark = pytest.mark.one_database
TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
SECRET = "a-name-that-no-span-may-have"


def attributes(span: Any) -> dict[str, Any]:  # noqa: ANN401  # a message of protobuf
    """The attributes of a span by name."""
    return {each.key: each.value.string_value or each.value.int_value for each in span.attributes}


def received(watched: Watched, trace: str) -> list[Any]:
    """The spans of a trace, once its root has come."""
    deadline = time.monotonic() + 10
    while True:
        spans = [span for span in watched.receiver.spans if span.trace_id.hex() == trace]
        if any(span.parent_span_id.hex() == PARENT for span in spans):
            return spans
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_request_is_a_span_with_its_statements(watched: Watched) -> None:
    watched.admin.call(
        "POST",
        LINKS,
        json={"name": SECRET, "link": "wiki.example.com"},
        headers={"traceparent": f"00-{TRACE}-{PARENT}-01"},
    )
    spans = received(watched, TRACE)

    root = next(span for span in spans if span.parent_span_id.hex() == PARENT)
    assert root.name == "create_link"
    told = attributes(root)
    assert told["portico.operation"] == "create_link"
    assert told["http.response.status_code"] == 201
    children = [span for span in spans if span is not root]
    assert {span.parent_span_id for span in children} == {root.span_id}
    assert {"SELECT", "INSERT", "BEGIN", "COMMIT"} <= {span.name for span in children}
    for child in children:
        assert root.start_time_unix_nano <= child.start_time_unix_nano
        assert child.end_time_unix_nano <= root.end_time_unix_nano
        assert SECRET not in str(child)
    resource = watched.receiver.requests[0].resource_spans[0].resource
    assert "portico" in str(resource)


def test_slow_requests_are_logged_with_their_statements(watched: Watched) -> None:
    answer = watched.admin.post(LINKS, {"name": f"{SECRET} 2", "link": "wiki.example.com"})
    slow = watched.server.wait_for_lines(
        lambda line: line.get("event") == "request.slow" and line["operation"] == "create_link"
    )

    line = slow[0]
    assert answer.status_code == 201
    assert line["level"] == "warning"
    assert (line["method"], line["status"]) == ("POST", 201)
    assert 0 < line["databaseMilliseconds"] <= line["milliseconds"]
    texts = {each["sql"]: each for each in line["statements"]}
    assert texts["COMMIT"]["count"] >= 1
    assert any(text.startswith("INSERT INTO portal_link") for text in texts) or any(
        text.startswith("INSERT") for text in texts
    )
    assert SECRET not in str(slow)


def test_the_extra_is_named_when_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    for name in [each for each in sys.modules if each.startswith("opentelemetry.")]:
        monkeypatch.delitem(sys.modules, name)

    with pytest.raises(TracingUnavailable, match=r"pip install 'portico-server\[otel\]'"):
        require_tracing({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"})
    require_tracing({})


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, ""),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"}, "otlp"),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://collector:4318/v1/traces"}, "otlp"),
        ({"OTEL_TRACES_EXPORTER": "otlp"}, "otlp"),
        ({"OTEL_TRACES_EXPORTER": "console"}, "console"),
        ({"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://c"}, ""),
        ({"OTEL_SDK_DISABLED": "true", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://c"}, ""),
    ],
)
def test_standard_variables_ask_for_traces(environment: dict[str, str], expected: str) -> None:
    assert exporter_name(environment) == expected


@pytest.mark.parametrize(
    "environment",
    [
        {"OTEL_TRACES_EXPORTER": "zipkin"},
        {"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"},
    ],
)
def test_what_cannot_be_sent_is_refused(environment: dict[str, str]) -> None:
    with pytest.raises(TracingUnavailable, match="OTEL_"):
        exporter_name(environment)
