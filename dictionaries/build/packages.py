"""Reading of the packages' data files. No package's code runs, save Faker's data modules."""

import ast
import csv
import gzip
import importlib
import importlib.util
import json
import pkgutil
import sqlite3
from pathlib import Path


class Packages:
    """Where the installed packages are."""

    def __init__(self, npm):
        self.npm = Path(npm)

    @staticmethod
    def python(package, *path):
        spec = importlib.util.find_spec(package)
        if spec.submodule_search_locations:
            return Path(list(spec.submodule_search_locations)[0]).joinpath(*path)
        return Path(spec.origin)

    def node(self, package, *path):
        return self.npm.joinpath(package, *path)

    def node_json(self, package, *path):
        return json.loads(self.node(package, *path).read_text(encoding="utf-8"))

    def zxcvbn(self, language, which):
        return self.node_json(f"@zxcvbn-ts/language-{language}", "src", f"{which}.json")


def read_json(path):
    return json.loads(Path(path).read_text(encoding="utf-8"))


def read_gzip_json(path):
    return json.loads(gzip.decompress(Path(path).read_bytes()))


def read_literal(path, variable):
    """The value of a variable that a module's text assigns; the module does not run."""
    for node in ast.parse(Path(path).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and any(ast.unparse(t) == variable for t in node.targets):
            return ast.literal_eval(node.value)
    raise KeyError(variable)


def read_csv(path, encoding="utf-8"):
    with open(path, encoding=encoding, newline="") as file:
        return list(csv.reader(file))


def read_parquet(path, columns):
    from pyarrow import parquet

    table = parquet.read_table(path, columns=columns)
    return list(zip(*(table.column(c).to_pylist() for c in columns)))


def read_sqlite(path, query):
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as db:
        return db.execute(query).fetchall()


def faker_providers(kind, locales=None):
    """(locale, Provider class) of Faker's data modules of one kind, such as `person`."""
    package = importlib.import_module(f"faker.providers.{kind}")
    for module in sorted(pkgutil.iter_modules(package.__path__), key=lambda m: m.name):
        if module.ispkg and (locales is None or module.name in locales):
            yield module.name, importlib.import_module(f"faker.providers.{kind}.{module.name}").Provider


def flat(value):
    """The strings in nested lists, tuples and mappings (of a mapping: its keys)."""
    if isinstance(value, str):
        yield value
    elif hasattr(value, "items") or hasattr(value, "__iter__"):
        for item in value:
            yield from flat(item)


def flat_values(value):
    """Like `flat`, with a mapping's values."""
    if isinstance(value, str):
        yield value
    elif hasattr(value, "values"):
        for item in value.values():
            yield from flat_values(item)
    elif hasattr(value, "__iter__"):
        for item in value:
            yield from flat_values(item)
