"""The summary of a run as JUnit XML, which CI systems show beside the results of tests.

Unknown operations fail, and so do clients that came back before the time that a 429 told them.
"""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from portico.emulator.report.summary import OperationCount, Refusals, Summary, UnknownPath

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot contain."""


def to_junit(summary: Summary) -> bytes:
    """Return the summary as JUnit XML: suites of operations, unknown operations and clients."""
    root = Element("testsuites", name="Portico")
    operations = _suite(root, "operations")
    for count in summary.operations:
        _operation(operations, count, summary.unread_fields.get(count.operation, {}))
    unknown = _suite(root, "unknown operations")
    for each in summary.unknown:
        _unknown(unknown, each)
    clients = _suite(root, "rate limits")
    for refusals in summary.refusals:
        _client(clients, refusals)
    for suite in root:
        suite.set("tests", str(len(suite.findall("testcase"))))
        suite.set("failures", str(len(suite.findall("testcase/failure"))))
    indent(root)
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + tostring(root) + b"\n"


def _suite(root: Element, name: str) -> Element:
    return SubElement(root, "testsuite", name=name, errors="0", skipped="0")


def _case(suite: Element, name: str) -> Element:
    suite_name = str(suite.get("name"))
    return SubElement(suite, "testcase", classname=f"portico.{suite_name}", name=_text(name))


def _operation(suite: Element, count: OperationCount, unread: dict[str, int]) -> None:
    case = _case(suite, count.operation)
    lines = [f"{count.calls} calls, {count.faults} of them struck by faults"]
    lines += [
        f"{number} x {status or 'no answer'}" for status, number in sorted(count.statuses.items())
    ]
    lines += [f"no handler read {name} ({number} requests)" for name, number in unread.items()]
    SubElement(case, "system-out").text = _text("\n".join(lines))


def _unknown(suite: Element, unknown: UnknownPath) -> None:
    case = _case(suite, f"{unknown.method} {unknown.path}")
    message = f"Portico has no operation {unknown.method} {unknown.path} ({unknown.calls} calls)."
    failure = SubElement(case, "failure", message=_text(message))
    failure.text = _text(
        "\n".join(f"{each.operation}: {'; '.join(each.differences)}" for each in unknown.closest)
    )


def _client(suite: Element, refusals: Refusals) -> None:
    case = _case(suite, refusals.client)
    lines = [
        f"told {'nothing' if told is None else f'{told:g} s'}, "
        f"{'sent no further request' if waited is None else f'waited {waited:.1f} s'}"
        for told, waited in refusals.waits
    ]
    if refusals.early:
        message = (
            f"The client came back before the time that a 429 told it, {refusals.early} of "
            f"{len(refusals.waits)} times."
        )
        SubElement(case, "failure", message=message).text = "\n".join(lines)
    SubElement(case, "system-out").text = "\n".join(lines)


def _text(text: str) -> str:
    return _NOT_XML.sub("?", text)
