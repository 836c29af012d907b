"""Opens a capture, whatever it is and wherever it comes from, as a stream of chunks."""

from __future__ import annotations

import contextlib
import hashlib
import lzma
import queue
import sys
import tempfile
import threading
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import IO, Any

from rogue_scan.errors import LimitExceeded, Malformed, SourceError, Truncated, Unreadable, Unsupported
from rogue_scan.source import sniff
from rogue_scan.source.sniff import Kind
from rogue_scan.source.walk import Source, is_url
from rogue_scan.wifi.capture import pcap
from rogue_scan.wifi.capture.chunk import Chunk, Damage, Interface, Reader
from rogue_scan.wifi.capture.kismetdb import MAGIC as SQLITE
from rogue_scan.wifi.capture.kismetdb import KismetReader
from rogue_scan.wifi.capture.pcap import PcapReader
from rogue_scan.wifi.capture.pcapng import PcapngReader

BLOCK = 6 << 20
"""Bytes read, and unpacked, at a time from files."""
PIPE_BLOCK = 256 << 10
"""The same from pipes, which must not wait for much."""
MOST_RATIO = 200
"""Captures pack 2 to 30 times; what packs better by far is made to fill disks."""
RATIO_FROM = 256 << 20
"""Unpacked bytes from which the ratio counts."""
MOST_SPOOLED = 8 << 30
"""Bytes of a Kismet log that comes packed or through a pipe."""
_PCAPNG = b"\n\r\r\n"


def reader_for(head: bytes) -> Reader | None:
    """The reader for content that begins like this; None where it is no stream of frames."""
    if head[:4] in pcap.MAGICS:
        return PcapReader()
    return PcapngReader() if head[:4] == _PCAPNG else None


class Stream:
    """One capture as chunks.

    ``sha256`` and ``size`` tell of the bytes as given (packed ones where they are packed), once
    :meth:`chunks` has ended.
    """

    def __init__(self, source: Source, progress: Callable[[str, float | None], None] | None = None) -> None:
        self.source = source
        self.size = 0
        self.problem: SourceError | None = None
        """What ended the stream early; the chunks before it hold."""
        self._progress = progress
        self._hash = hashlib.sha256()
        self._reader: Reader | KismetReader | None = None
        self._total: int | None = None

    @property
    def sha256(self) -> str:
        """Digest of the bytes read."""
        return self._hash.hexdigest()

    @property
    def interfaces(self) -> list[Interface]:
        """Interfaces known so far."""
        return self._reader.interfaces if self._reader is not None else []

    @property
    def damage(self) -> Damage:
        """What the reader had to give up."""
        return self._reader.damage if self._reader is not None else Damage()

    def kind(self) -> Kind:
        """What the source is, without using up standard input. Raises Unreadable."""
        if self.source.is_stdin:
            head = sys.stdin.buffer.peek(sniff.HEAD)  # type: ignore[union-attr]
            return sniff.kind(head)
        if not is_url(self.source.location) and not Path(self.source.location).is_file():
            return (
                Kind.CAPTURE
            )  # a named pipe: what is read from it is gone, and apps do not come through one
        with self._open() as file:
            head = file.read(sniff.HEAD)
        return sniff.kind(head)

    def chunks(self) -> Iterator[Chunk]:
        """All frames.

        Damage behind the first frames ends the stream and is kept in :attr:`problem`. Raises
        :class:`SourceError` where the source is no capture at all.
        """
        try:
            yield from ahead(self._chunks())
        except SourceError as problem:
            if not self.interfaces:
                raise
            self.problem = problem

    def _chunks(self) -> Iterator[Chunk]:
        with self._open() as file:
            blocks = self._unpacked(self._blocks(file))
            head = b""
            for block in blocks:
                head += block
                if len(head) >= 32:
                    break
            if not head:
                raise Unsupported("the file is empty" if not self.size else "there is nothing in the archive")
            if head.startswith(SQLITE):
                yield from self._kismet(head, blocks)
                return
            reader = reader_for(head)
            if reader is None:
                raise Unsupported(
                    "not a capture (pcap, pcapng, kismetdb, or these as gz, xz, zst): "
                    f"the content begins with {head[:8].hex(' ')}"
                )
            self._reader = reader
            yield from reader.feed(head)
            for block in blocks:
                yield from reader.feed(block)
            yield from reader.finish()

    # Bytes

    @contextlib.contextmanager
    def _open(self) -> Iterator[IO[bytes]]:
        try:
            if self.source.is_stdin:
                yield sys.stdin.buffer
            elif is_url(self.source.location):
                with _remote(self.source.location) as file:
                    yield file
            else:
                path = Path(self.source.location)
                if path.is_file():
                    self._total = path.stat().st_size
                with path.open("rb") as file:
                    yield file
        except OSError as error:
            raise Unreadable(error.strerror or str(error)) from error

    def _blocks(self, file: IO[bytes]) -> Iterator[bytes]:
        """The bytes as given, counted and hashed."""
        piped = self._total is None
        read: Callable[[int], bytes] = getattr(file, "read1", file.read) if piped else file.read
        with ThreadPoolExecutor(1) as hasher:
            yield from self._hashed(read, piped, hasher)

    def _hashed(
        self, read: Callable[[int], bytes], piped: bool, hasher: ThreadPoolExecutor
    ) -> Iterator[bytes]:
        pending: Future[None] | None = None
        while True:
            try:
                block = read(PIPE_BLOCK if piped else BLOCK)
            except OSError as error:
                raise Unreadable(error.strerror or str(error)) from error
            if not block:
                return
            # Hashing lets other threads run, so it costs no time where there is a second core.
            if pending is not None:
                pending.result()
            pending = hasher.submit(self._hash.update, block)
            self.size += len(block)
            if self._progress is not None:
                share = self.size / self._total if self._total else None
                self._progress(self.source.name, share)
            yield block

    def _unpacked(self, blocks: Iterator[bytes]) -> Iterator[bytes]:
        first = next(blocks, b"")
        packing = sniff.compression(first)

        def all_blocks() -> Iterator[bytes]:
            yield first
            yield from blocks

        if packing is None:
            return all_blocks()
        return self._bounded(unpack(packing, all_blocks()))

    def _bounded(self, blocks: Iterator[bytes]) -> Iterator[bytes]:
        """The blocks, until they are suspiciously many for what they were unpacked from."""
        unpacked = 0
        for block in blocks:
            unpacked += len(block)
            if unpacked > RATIO_FROM and unpacked > self.size * MOST_RATIO:
                raise LimitExceeded(f"unpacks to more than {MOST_RATIO} times its size; stopped")
            yield block

    def _kismet(self, head: bytes, blocks: Iterator[bytes]) -> Iterator[Chunk]:
        plain = not self.source.is_stdin and not is_url(self.source.location)
        path = Path(self.source.location)
        if plain and path.is_file() and self._starts_as_sqlite(path):
            for _ in blocks:  # for the digest
                pass
            yield from self._kismet_file(path)
            return
        with tempfile.NamedTemporaryFile(suffix=".kismet") as spool:
            written = spool.write(head)
            for block in blocks:
                written += spool.write(block)
                if written > MOST_SPOOLED:
                    raise LimitExceeded(
                        f"a Kismet log of more than {MOST_SPOOLED} bytes must be given unpacked"
                    )
            spool.flush()
            yield from self._kismet_file(Path(spool.name))

    @staticmethod
    def _starts_as_sqlite(path: Path) -> bool:
        with path.open("rb") as file:
            return file.read(len(SQLITE)) == SQLITE

    def _kismet_file(self, path: Path) -> Iterator[Chunk]:
        self._reader = KismetReader(path)
        yield from self._reader.chunks()


def ahead(chunks: Iterator[Chunk], most: int = 1) -> Iterator[Chunk]:
    """The same chunks, read by a thread that is at most ``most`` of them ahead.

    Reading, hashing and unpacking hardly need the interpreter, so they go on beside the analysis. What the
    reader raises is raised here, after the chunks before it.
    """
    waiting: queue.Queue[Chunk | BaseException | None] = queue.Queue(most)
    stopped = threading.Event()

    def put(item: Chunk | BaseException | None) -> bool:
        while not stopped.is_set():
            with contextlib.suppress(queue.Full):
                waiting.put(item, timeout=0.2)
                return True
        return False

    def read() -> None:
        last: BaseException | None = None
        try:
            with contextlib.closing(chunks):  # type: ignore[type-var]
                for chunk in chunks:
                    if not put(chunk):
                        return
        except BaseException as error:  # the reader of the queue has to know
            last = error
        put(last)

    thread = threading.Thread(target=read, name="capture", daemon=True)
    thread.start()
    try:
        while (item := waiting.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        stopped.set()
        thread.join(2.0)  # it may wait for a pipe that gives nothing


def unpack(packing: str, blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Unpack ``gz``, ``xz`` or ``zst``, several members one after the other, in bounded pieces.

    Raises :class:`Malformed` and :class:`Truncated`, after everything that could be unpacked.
    """
    if packing == "gz":
        return _members(blocks, lambda: zlib.decompressobj(31), zlib.error)
    if packing == "xz":
        return _members(blocks, lambda: lzma.LZMADecompressor(memlimit=256 << 20), lzma.LZMAError)
    return _zstd(blocks)


def _members(blocks: Iterator[bytes], make: Callable[[], Any], failure: type[Exception]) -> Iterator[bytes]:
    """Members of a gz or xz stream. zlib hands back what it did not use, lzma keeps it."""
    engine = make()
    used = False
    for block in blocks:
        data = block
        while data or (used and not engine.eof and not getattr(engine, "needs_input", True)):
            if engine.eof:
                engine = make()
                used = False
            try:
                piece = engine.decompress(data, BLOCK)
            except failure as error:
                raise Malformed(f"the compressed data are damaged: {error}") from error
            except EOFError:  # padding behind the last member
                return
            used = True
            if piece:
                yield piece
            data = engine.unused_data if engine.eof else getattr(engine, "unconsumed_tail", b"")
            if engine.eof and not data.strip(b"\0"):
                data = b""
    if used and not engine.eof:
        raise Truncated("the compressed data end too early")


def _zstd(blocks: Iterator[bytes]) -> Iterator[bytes]:
    import zstandard

    class Input:
        """The blocks as a file."""

        def __init__(self) -> None:
            self.rest = b""

        def read(self, size: int = -1) -> bytes:
            if not self.rest:
                self.rest = next(blocks, b"")
            piece, self.rest = self.rest[:size], self.rest[size:]
            return piece

    engine = zstandard.ZstdDecompressor(max_window_size=128 << 20)
    with engine.stream_reader(Input(), read_across_frames=True) as reader:  # type: ignore[arg-type]
        while True:
            try:
                piece = reader.read1(BLOCK)
            except zstandard.ZstdError as error:
                raise Malformed(f"the compressed data are damaged: {error}") from error
            if not piece:
                return
            yield piece


@contextlib.contextmanager
def _remote(url: str) -> Iterator[IO[bytes]]:
    try:
        import fsspec
    except ImportError as error:
        raise Unsupported("a URL needs the extra: pip install 'rogue-scan[urls]'") from error
    try:
        file = fsspec.open(url, "rb").open()
    except Exception as error:  # every file system of fsspec has errors of its own
        raise Unreadable(f"cannot fetch: {error}") from error
    try:
        yield file
    finally:
        file.close()
