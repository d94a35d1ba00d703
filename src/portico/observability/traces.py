"""OpenTelemetry traces: a span for each request, with a child for each database statement.

They are sent when the standard variables ask for it (OTEL_TRACES_EXPORTER, or the address of a
collector). Spans have the text of statements and never values, paths or addresses.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from time import perf_counter, time_ns
from typing import Any

from portico.asgi.exchange import FinishedRequest

EXTRA = "portico-server[otel]"
PROTOCOL = "http/protobuf"
SERVICE_NAME = "portico"
_ADDRESSES = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_LARGEST_STATEMENT = 2_000


class TracingUnavailable(Exception):
    """The environment asks for traces that cannot be sent. The message says what to do."""


def exporter_name(environment: Mapping[str, str]) -> str:
    """Return the exporter that the environment asks for: otlp, console, or "" for no traces.

    Raises TracingUnavailable for another exporter or protocol.
    """
    if environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return ""
    default = "otlp" if any(environment.get(name) for name in _ADDRESSES) else "none"
    name = environment.get("OTEL_TRACES_EXPORTER", "").strip() or default
    if name == "none":
        return ""
    if name not in {"otlp", "console"}:
        raise TracingUnavailable(
            f"OTEL_TRACES_EXPORTER is {name!r}. Portico can send traces by otlp or console. "
            "Set none for no traces."
        )
    protocol = next((environment[each] for each in _PROTOCOLS if environment.get(each)), PROTOCOL)
    if name == "otlp" and protocol != PROTOCOL:
        raise TracingUnavailable(
            f"OTEL_EXPORTER_OTLP_PROTOCOL is {protocol!r}, but Portico sends traces by {PROTOCOL}. "
            "Set that, and the port of the collector for it, usually 4318."
        )
    return name


def require_tracing(environment: Mapping[str, str]) -> None:
    """Raise TracingUnavailable if the environment asks for traces that cannot be sent."""
    name = exporter_name(environment)
    if name:
        _exporter(name)


def open_tracing(environment: Mapping[str, str]) -> Tracing | None:
    """Return what sends the traces of this process, or None if the environment asks for none."""
    name = exporter_name(environment)
    return Tracing(_exporter(name), environment) if name else None


def _exporter(name: str) -> Callable[[], Any]:
    try:
        if name == "console":
            return import_module("opentelemetry.sdk.trace.export").ConsoleSpanExporter  # type: ignore[no-any-return]  # the extra may be missing
        module = import_module("opentelemetry.exporter.otlp.proto.http.trace_exporter")
        return module.OTLPSpanExporter  # type: ignore[no-any-return]  # the extra may be missing
    except ModuleNotFoundError as error:
        raise TracingUnavailable(
            f"The OTEL_ variables ask for traces, but {error.name} is not installed. "
            f"Run: pip install '{EXTRA}'. Or unset the variables."
        ) from None


class Tracing:
    """Sends the spans of one process, in batches and on a thread.

    Create it in the process that serves: its thread does not survive a fork.
    """

    def __init__(self, exporter: Callable[[], Any], environment: Mapping[str, str]) -> None:
        resources = import_module("opentelemetry.sdk.resources")
        sdk = import_module("opentelemetry.sdk.trace")
        export = import_module("opentelemetry.sdk.trace.export")
        propagation = import_module("opentelemetry.trace.propagation.tracecontext")
        self._api = import_module("opentelemetry.trace")
        named = "service.name=" in environment.get("OTEL_RESOURCE_ATTRIBUTES", "")
        named = named or bool(environment.get("OTEL_SERVICE_NAME"))
        attributes = {} if named else {"service.name": SERVICE_NAME}
        # Without its own handler: the worker ends it, and not the exit of the interpreter.
        self._provider = sdk.TracerProvider(
            resource=resources.Resource.create(attributes), shutdown_on_exit=False
        )
        self._provider.add_span_processor(export.BatchSpanProcessor(exporter()))
        self._tracer = self._provider.get_tracer("portico")
        self._parent = propagation.TraceContextTextMapPropagator().extract

    def observe(self, finished: FinishedRequest) -> None:
        """Send the spans of a request that has ended. It continues the client's trace, if any."""
        # Spans want the time of day. Durations come from the clock that never jumps.
        origin = time_ns() - int(perf_counter() * 1e9)
        began = origin + int(finished.began * 1e9)
        span = self._tracer.start_span(
            finished.operation,
            context=self._parent(_trace_headers(finished)),
            kind=self._api.SpanKind.SERVER,
            start_time=began,
            attributes={
                "portico.operation": finished.operation,
                "portico.transaction_id": finished.exchange.transaction_id,
                "http.request.method": finished.scope["method"],
                "http.response.status_code": finished.status,
            },
        )
        if span.is_recording():
            if finished.status >= 500:
                span.set_status(self._api.Status(self._api.StatusCode.ERROR))
            self._add_statements(span, finished, origin)
        span.end(end_time=began + int(finished.seconds * 1e9))

    def _add_statements(self, span: Any, finished: FinishedRequest, origin: int) -> None:  # noqa: ANN401  # the extra may be missing
        context = self._api.set_span_in_context(span)
        statements = finished.exchange.statements
        for each in statements.timed if statements is not None else ():
            text = " ".join(each.sql.split())[:_LARGEST_STATEMENT]
            began = origin + int(each.began * 1e9)
            child = self._tracer.start_span(
                text.partition(" ")[0].upper() or "SQL",
                context=context,
                kind=self._api.SpanKind.CLIENT,
                start_time=began,
                attributes={"db.query.text": text},
            )
            child.end(end_time=began + int(each.seconds * 1e9))

    def close(self) -> None:
        """Send what is pending and end the thread. It waits for the collector's time limit."""
        self._provider.shutdown()


def _trace_headers(finished: FinishedRequest) -> dict[str, str]:
    return {
        name.decode("latin-1"): value.decode("latin-1")
        for name, value in finished.scope["headers"]
        if name in {b"traceparent", b"tracestate"}
    }
