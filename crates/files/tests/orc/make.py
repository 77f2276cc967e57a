"""Writes the ORC files that the tests read: by Apache's own writer, since ours would repeat our mistakes.

    pip install pyarrow && python make.py

What each cell holds is a formula of its row, which tests/main/orc.rs repeats.
"""

import datetime
import decimal
import pathlib

import pyarrow as pa
from pyarrow import orc

HERE = pathlib.Path(__file__).parent


def table(rows):
    def column(kind, cell, null=0):
        cells = [None if null and i % null == null - 1 else cell(i) for i in range(rows)]
        return pa.array(cells, kind)

    day, time = datetime.date(1950, 1, 1), datetime.datetime(1960, 1, 1, 12, 0, 0, 123_000)
    moment = datetime.datetime(2020, 1, 1, 12, 0, 0, 5)
    address = pa.struct([("city", pa.string()), ("zip", pa.int32())])
    return pa.table({
        "id": column(pa.int64(), lambda i: i + 1),
        "name": column(pa.string(), lambda i: ["Ada Lovelace", "Grace Hopper", "Zoë Ångström"][i % 3], 7),
        "email": column(pa.string(), lambda i: f"person{i}@example.org"),
        "flag": column(pa.bool_(), lambda i: i % 3 == 0, 11),
        "tiny": column(pa.int8(), lambda i: i % 256 - 128, 13),
        "short": column(pa.int16(), lambda i: i * 37 % 60_000 - 30_000),
        "int": column(pa.int32(), lambda i: i * 2_654_435_761 % 2**32 - 2**31),
        "patched": column(pa.int64(), lambda i: 10**12 if i % 97 == 0 else i % 10),
        "big": column(pa.int64(), lambda i: (-1) ** i * (i * 0x9E3779B97F4A7C15 % 2**62)),
        "down": column(pa.int64(), lambda i: 5_000 - 3 * i),
        "float": column(pa.float32(), lambda i: i / 4),
        "double": column(pa.float64(), lambda i: i / 8, 5),
        "bytes": column(pa.binary(), lambda i: bytes([i % 256, 255, 0])),
        "day": column(pa.date32(), lambda i: day + datetime.timedelta(days=i * 17)),
        "time": column(pa.timestamp("ns"), lambda i: time + datetime.timedelta(days=i * 20)),
        "moment": column(pa.timestamp("ns", "UTC"), lambda i: moment + datetime.timedelta(hours=i)),
        "money": column(pa.decimal128(12, 2), lambda i: decimal.Decimal(i * 31 - 9_000) / 100, 17),
        "huge": column(pa.decimal128(38, 0), lambda i: decimal.Decimal(10) ** 30 + i),
        "phones": column(pa.list_(pa.string()), lambda i: [f"+49 30 {i:06}"] * (i % 3), 9),
        "address": column(address, lambda i: {"city": None if i % 4 == 3 else "Berlin", "zip": 10_000 + i}, 10),
        "extra": column(pa.map_(pa.string(), pa.string()), lambda i: [(f"k{i % 2}", f"v{i}")], 8),
    })


def write(name, table, **options):
    options = {"dictionary_key_size_threshold": 0.6, "compression_block_size": 64 << 10} | options
    orc.write_table(table, HERE / f"{name}.orc", **options)


for compression in ["uncompressed", "snappy", "lz4", "zstd"]:
    write(compression, table(120), compression=compression)
write("zlib", table(900), compression="zlib", stripe_size=8 << 10, batch_size=300)
write("first_version", table(200), compression="zlib", file_version="0.11")
union = pa.UnionArray.from_sparse(
    pa.array([0, 1, 0, 1], pa.int8()), [pa.array([1, 2, 3, 4]), pa.array(["a", "b", "c", "d"])]
)
write("union", pa.table({"either": union}))
