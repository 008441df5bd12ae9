"""Every import points to the left; the drawing is in ``_LAYERS``."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from attrs import frozen

import callauth

_PACKAGE = Path(callauth.__file__).parent
# The last set stands side by side: none of it imports another, but cli may import all.
_LAYERS: tuple[frozenset[str], ...] = (
    frozenset({"errors"}),
    frozenset({"models"}),
    frozenset({"protocol"}),
    frozenset({"transport"}),
    frozenset({"client"}),
    frozenset({"verification"}),
    frozenset({"sqlite"}),
    frozenset({"stores", "bulk", "web", "sandbox", "cli", "testing"}),
    frozenset({"pytest_plugin"}),
)
_RANKS = {name: rank for rank, names in enumerate(_LAYERS) for name in names}
# It is a provider's side: what it shared with the client, a mistake would share too.
_SANDBOX_MAY = (
    "callauth.errors",
    "callauth.models",
    "callauth.protocol.message",
    "callauth.transport.port",
    "callauth.transport.clock",
    "callauth.sandbox",
)
_OPTIONAL = {
    # At most one in each layer that can do without it.
    "aiohttp": ("callauth.transport.aiohttp.transport", "callauth.web.aiohttp"),
    "fastapi": ("callauth.web.fastapi",),
    "httptools": ("callauth.transport.native.answer",),
    "httpx2": ("callauth.transport.library",),
    "phonenumbers": ("callauth.models.regions",),
    "pydantic": ("callauth.web.fastapi",),
    "pytest": ("callauth.pytest_plugin",),
    "segno": ("callauth.models.qr",),
    "uvicorn": ("callauth.sandbox.server",),
    "click": ("callauth.cli",),
    "rich": ("callauth.cli",),
}


@frozen
class _Import:
    """One module imports another, at the top or in a function."""

    importer: str
    imported: str

    def __str__(self) -> str:
        return f"{self.importer} imports {self.imported}"


def _modules(package: Path) -> dict[str, Path]:
    paths = sorted(package.rglob("*.py"))
    names = [path.relative_to(package.parent).with_suffix("").parts for path in paths]
    return {
        ".".join(parts).removesuffix(".__init__"): path
        for parts, path in zip(names, paths, strict=True)
    }


def _imports(package: Path) -> list[_Import]:
    modules = _modules(package)
    return [
        _Import(name, imported)
        for name, path in modules.items()
        for imported in _imported(name, path, modules)
    ]


def _imported(name: str, path: Path, modules: dict[str, Path]) -> Iterator[str]:
    parent = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Import(names=aliases):
                yield from (alias.name for alias in aliases)
            case ast.ImportFrom(module=module, names=aliases, level=level):
                origin = _absolute("." * level + (module or ""), parent)
                for alias in aliases:
                    inner = f"{origin}.{alias.name}"
                    yield inner if inner in modules else origin
            case ast.Call(func=function, args=[ast.Constant(value=str(text)), *_]):
                if ast.unparse(function).endswith(("import_module", "__import__")):
                    yield _absolute(text, parent)


def _absolute(text: str, parent: str) -> str:
    module = text.lstrip(".")
    level = len(text) - len(module)
    if level == 0:
        return module
    origin = parent.rsplit(".", level - 1)[0] if level > 1 else parent
    return f"{origin}.{module}".rstrip(".")


def _layer(module: str) -> str | None:
    """Return the layer of a module of the package, None for the package itself."""
    _, _, rest = module.partition(".")
    name = rest.partition(".")[0]
    return "cli" if name == "__main__" else name or None


def _wrong_arrows(package: Path) -> list[str]:
    root = package.name
    return [
        str(each)
        for each in _imports(package)
        if each.imported.partition(".")[0] == root and not _points_left(each)
    ]


def _points_left(each: _Import) -> bool:
    importer, imported = _layer(each.importer), _layer(each.imported)
    if importer is None:
        return True
    if imported is None or imported not in _RANKS or importer not in _RANKS:
        return False
    if importer in (imported, "cli"):
        return True
    return _RANKS[imported] < _RANKS[importer]


def _is_in(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def _sandbox_strangers(package: Path) -> list[str]:
    return [
        str(each)
        for each in _imports(package)
        if _is_in(each.importer, "callauth.sandbox")
        and _is_in(each.imported, "callauth")
        and not any(_is_in(each.imported, allowed) for allowed in _SANDBOX_MAY)
    ]


def _scattered(package: Path) -> list[str]:
    return [
        str(each)
        for each in _imports(package)
        for library, homes in _OPTIONAL.items()
        if _is_in(each.imported, library)
        and not any(_is_in(each.importer, home) for home in homes)
    ]


def test_every_import_points_to_the_left() -> None:
    """A layer can be understood, and tested, without those to its right."""
    assert _wrong_arrows(_PACKAGE) == []


def test_every_module_belongs_to_a_layer() -> None:
    """A new package must say where it stands."""
    layers = {_layer(module) for module in _modules(_PACKAGE)}

    assert layers == {None, *_RANKS}


def test_the_sandbox_shares_no_reading_of_the_protocol() -> None:
    """A mistake on one side must not cancel out on the other."""
    assert _sandbox_strangers(_PACKAGE) == []


def test_each_optional_library_has_one_home() -> None:
    """What is not installed must not be missed elsewhere."""
    assert _scattered(_PACKAGE) == []


def _tree(folder: Path, files: dict[str, str]) -> Path:
    package = folder / "callauth"
    for name, source in {"__init__.py": "", **files}.items():
        path = package / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)
    return package


_BAD = [
    ("models/phone.py", "from ..protocol.codec import Reader"),
    ("models/phone.py", "from ..protocol import codec"),
    ("models/phone.py", "from .. import client"),
    ("models/phone.py", "import callauth.transport.clock"),
    ("models/phone.py", "from callauth import PhoneNumber"),
    ("models/phone.py", "def f():\n    from ..client import runner"),
    ("models/phone.py", "if TYPE_CHECKING:\n    from ..client import runner"),
    ("models/phone.py", "import importlib\nimportlib.import_module('callauth.client')"),
    ("models/phone.py", "import_module('..client', __package__)"),
    ("models/phone.py", "__import__('callauth.client')"),
    ("models/__init__.py", "from ..client import runner"),
    ("errors.py", "from .models import phone"),
    ("client/runner.py", "from ..verification import flow"),
    ("stores/memory.py", "from ..testing import service"),
    ("sandbox/sandbox.py", "from ..cli import main"),
    ("web/service.py", "from ..sandbox import Sandbox"),
    ("testing/service.py", "from ..news import letter"),
    ("news/letter.py", "from ..errors import CallAuthError"),
]


@pytest.mark.parametrize(("name", "source"), _BAD)
def test_an_arrow_to_the_right_is_found(name: str, source: str, tmp_path: Path) -> None:
    """A check that cannot fail protects nothing."""
    package = _tree(tmp_path, {"client/__init__.py": "", name: source})

    assert len(_wrong_arrows(package)) == 1


_GOOD = [
    ("models/phone.py", "from ..errors import InvalidPhoneNumber"),
    ("models/phone.py", "from . import regions\nfrom .. import errors\nimport re"),
    ("verification/service.py", "from ..client.nerotech import NeroTechClient"),
    ("cli/main.py", "from ..testing import service\nfrom ..stores import memory"),
    ("__main__.py", "from .cli.main import main"),
    ("__init__.py", "from .client import NeroTechClient"),
    ("models/phone.py", "print('callauth.client')"),
]


@pytest.mark.parametrize(("name", "source"), _GOOD)
def test_an_arrow_to_the_left_is_none(name: str, source: str, tmp_path: Path) -> None:
    """The check must not hinder what is right."""
    package = _tree(tmp_path, {"errors.py": "", name: source})

    assert _wrong_arrows(package) == []


@pytest.mark.parametrize(
    "source",
    [
        "from ..protocol import nerotech",
        "from ..protocol.codec import Reader",
        "from ..protocol import message, codec",
        "from ..transport.scripted import ScriptedTransport",
        "from ..client import runner",
        "from .. import client",
    ],
)
def test_a_sandbox_that_knows_the_client_is_found(source: str, tmp_path: Path) -> None:
    """A check that cannot fail protects nothing."""
    files = {
        "protocol/message.py": "",
        "protocol/codec.py": "",
        "client/__init__.py": "",
    }
    package = _tree(tmp_path, {**files, "sandbox/sandbox.py": source})

    assert len(_sandbox_strangers(package)) == 1


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({"cli/a.py": "import click", "cli/b.py": "from rich.table import Table"}, 0),
        ({"stores/report.py": "from rich.table import Table"}, 1),
        ({"models/phone.py": "import phonenumbers"}, 1),
        ({"sandbox/http.py": "def f():\n    import uvicorn.config"}, 1),
        ({"sandbox/http.py": "importlib.import_module('uvicorn')"}, 1),
        ({"models/qr.py": "import segno"}, 0),
        ({"web/aiohttp.py": "from aiohttp import web"}, 0),
        ({"web/service.py": "from aiohttp import web"}, 1),
        ({"web/openapi.py": "from pydantic import TypeAdapter"}, 1),
        ({"models/qr.py": "import segno", "cli/qr.py": "import segno"}, 1),
    ],
)
def test_a_scattered_library_is_found(
    files: dict[str, str], found: int, tmp_path: Path
) -> None:
    """A check that cannot fail protects nothing."""
    assert len(_scattered(_tree(tmp_path, files))) == found
