"""Trimming: the oldest spans of a file go, and their space is given back, where whole files are too much to drop."""

from barograph.tsdb.blocks import BlockWriter, read_spans


def trim(writer: BlockWriter, excess_bytes: int) -> int:
    """Take out the oldest spans until about so many bytes are free; the newest one stays.

    Returns:
        The bytes that the file has become smaller; 0 where there was nothing to take.

    Raises:
        apsw.Error: The file could not be written.
    """
    spans, _ = read_spans(writer.connection)
    before = _size(writer)
    going: list[int] = []
    found = 0
    for span in spans[:-1]:
        if found >= excess_bytes:
            break
        asked = "SELECT sum(length(directory) + length(payload)) FROM blocks WHERE span = ?"
        found += int(writer.connection.execute(asked, (span.span,)).get or 0)
        going.append(span.span)
    if not going:
        return 0
    writer.write([], going)
    writer.shrink()
    return max(0, before - _size(writer))


def _size(writer: BlockWriter) -> int:
    wal = writer.path.with_name(writer.path.name + "-wal")
    return writer.path.stat().st_size + (wal.stat().st_size if wal.exists() else 0)
