"""The evidence file: only the frames that findings cite, each with a comment saying for what.

It opens in Wireshark; an auditor can hand it over without the rest of the capture, which may hold other
people's conversations. The captures are read a second time for it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from rogue_scan.errors import SourceError, Unreadable
from rogue_scan.model.finding import Finding
from rogue_scan.model.report import Report
from rogue_scan.source.sniff import Kind
from rogue_scan.source.walk import Source, expand
from rogue_scan.source.written import written
from rogue_scan.wifi.capture import writer
from rogue_scan.wifi.capture.chunk import Chunk
from rogue_scan.wifi.capture.open import Stream

_MOST_COMMENT = 2000
"""Characters of one frame's comment."""


def write(path: Path, sources: Sequence[str], report: Report) -> int:
    """Write the frames of ``sources`` that the findings of ``report`` cite; returns how many.

    ``sources`` is what the report was made from. Raises Unreadable where a capture cannot be read a second
    time (standard input) or the file cannot be written.
    """
    subjects = {subject.name: subject.id for subject in report.subjects if subject.kind == "capture"}
    try:
        with written(path) as file:
            file.write(writer.section_header())
            into = _Writer(file)
            for source in expand(sources):
                if not isinstance(source, Source) or source.kind is Kind.APP:
                    continue
                cited = comments(f for f in report.findings if f.subject == subjects.get(source.name))
                if not cited:
                    continue
                if source.is_stdin:
                    raise Unreadable(
                        "standard input cannot be read twice: save the capture for an evidence file"
                    )
                into.copy(source, cited)
            return into.count
    except OSError as error:
        raise Unreadable(f"{path}: {error.strerror or error}") from error


def comments(findings: Iterable[Finding]) -> dict[int, str]:
    """Frame number → why it is cited: rule, severity, and what the frame shows."""
    lines: dict[int, dict[str, None]] = {}
    for finding in findings:
        for item in finding.evidence:
            if item.where.frame is not None:
                sign = "" if item.supports else " (speaks against it)"
                line = f"{finding.rule}, {finding.severity.value}{sign}: {item.says} [finding {finding.id}]"
                lines.setdefault(item.where.frame, {})[_clean(line)] = None
    return {frame: "\n".join(texts)[:_MOST_COMMENT] for frame, texts in lines.items()}


class _Writer:
    """Blocks of one file; interfaces are declared when the first of their frames is written."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._interfaces = 0
        self.count = 0

    def copy(self, source: Source, cited: dict[int, str]) -> None:
        stream = Stream(source)
        numbers: dict[int, int] = {}
        wanted = sorted(cited)
        before = 0
        try:
            for chunk in stream.chunks():
                here = [frame for frame in wanted if before < frame <= before + len(chunk)]
                for frame in here:
                    row = frame - before - 1
                    number = int(chunk.interface[row])
                    if number not in numbers:
                        interface = stream.interfaces[number]
                        self._file.write(writer.interface(interface.link_type, interface.name))
                        numbers[number] = self._interfaces
                        self._interfaces += 1
                    self._file.write(_block(chunk, row, numbers[number], f"frame {frame}\n{cited[frame]}"))
                    self.count += 1
                before += len(chunk)
                if before >= wanted[-1]:
                    return
        except SourceError:
            return  # the report says so already; the frames before it are written


def _block(chunk: Chunk, row: int, number: int, comment: str) -> bytes:
    start, size = int(chunk.offset[row]), int(chunk.captured[row])
    data = chunk.buffer[start : start + size].tobytes()
    return writer.packet(data, int(chunk.time_ns[row]), number, int(chunk.original[row]), comment)


def _clean(text: str) -> str:
    """Text without control and direction characters: parts of it were sent by strangers."""
    return "".join(_visible(text))


def _visible(text: str) -> Iterator[str]:
    for character in text:
        yield "\N{REPLACEMENT CHARACTER}" if unicodedata.category(character) in ("Cc", "Cf") else character
