"""Parquet files, a batch of rows at a time."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from sim.workload.logs.fields import guessed
from sim.workload.logs.form import Part
from sim.workload.logs.problems import LogError
from sim.workload.logs.sources import CutOff, Source

MAGIC = b"PAR1"
_ROWS = 65_536


class ParquetReader:
    """Reads a Parquet file; numbers are those of rows."""

    name = "Parquet"

    def __init__(self, source: Source, pieces: Iterator[bytes]):
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            # the directory of a Parquet file stands at its end, so what is not a plain file must be held whole
            plain = not source.packing and source.name != "standard input"
            place = source.name if plain else pa.BufferReader(b"".join(pieces))
            self._file = pq.ParquetFile(place)
        except (pa.ArrowException, OSError, CutOff) as error:
            raise LogError(f"{source.name}: a damaged Parquet file: {error}") from None
        self._source = source
        self.names = list(self._file.schema_arrow.names)

    def candidates(self) -> Mapping[str, list[str]]:
        return guessed(self.names)

    def parts(self, wanted: set[str]) -> Iterator[Part]:
        """All rows."""
        import pyarrow as pa

        first = 1
        try:
            names = [name for name in self.names if name in wanted]
            for batch in self._file.iter_batches(_ROWS, columns=names):
                texts = {name: _as_text(batch.column(name)) for name in batch.schema.names}
                numbers = np.arange(first, first + batch.num_rows, dtype=np.int64)
                first += batch.num_rows
                yield Part({k: v for k, v in texts.items() if v is not None}, numbers)
        except (pa.ArrowException, OSError) as error:
            raise LogError(f"{self._source.name}: a damaged Parquet file: {error}") from None


def _as_text(column: Any) -> Any:
    """A column of any simple type as text (times without a zone stay so); None for lists and the like."""
    import pyarrow as pa

    try:
        if pa.types.is_timestamp(column.type) and column.type.tz:
            # the cast to text would otherwise need Arrow's own time zone database
            column = column.cast(pa.timestamp(column.type.unit, "UTC"))
        text = column.cast(pa.string())
        return text.combine_chunks() if isinstance(text, pa.ChunkedArray) else text
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return None
