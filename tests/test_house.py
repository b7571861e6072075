"""The rules of the house: who may import whom, what an import may cost, what a committed file may hold."""

import ast
import hashlib
import re
import subprocess
import sys
from collections.abc import Collection, Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest
from support import DATA, ROOT

HEAVY = ("pandas", "matplotlib", "scipy", "pyarrow", "simpy", "numba", "statsmodels")

# A module imports only from lower ranks; inside a package its modules may import one another.
RANKS = (
    {"basics", "theory"},
    {"gates", "model"},
    {"scenario"},
    {"coverage", "workload"},
    {"engine"},
    {"oracle", "results"},
    {"verdict"},
    {"explore", "plot", "probe", "sweeps", "testbed", "verification"},
    {"recommendation", "report"},
    {"cli"},
    {"face"},
    {"__main__"},
)
RANK = {name: rank for rank, names in enumerate(RANKS) for name in names}
MODULES = sorted((ROOT / "sim").rglob("*.py"))

# Spelled in pieces, so that this file does not hold them.
FORBIDDEN = [
    b"/" + word + b"/" for word in (b"home", b"root", b"work", b"Users", b"tmp", b"opt")
] + [name + b".org" for name in (b"pypi", b"pythonhosted", b"anaconda")]


def _imported(path: Path) -> Iterator[str]:
    """The parts of `sim` that a file imports anywhere, also inside functions: first names below `sim`."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        yield from (name.split(".")[1] for name in names if name.startswith("sim."))


def _part(path: Path) -> str:
    return path.relative_to(ROOT / "sim").parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_down(path: Path) -> None:
    part = _part(path)
    if part == "__init__":
        return
    assert part in RANK, f"{part} has no rank; give it one here"
    for name in set(_imported(path)) - {part, "__version__"}:
        assert RANK[name] < RANK[part], f"{part} imports {name}, which is not below it"


def test_the_page_of_the_house_is_the_house() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| `(\w+)` \|", page, re.MULTILINE)
    assert [(int(floor), room) for floor, room in rows] == sorted((f, r) for r, f in RANK.items())
    assert {_part(path) for path in MODULES} - {"__init__"} == set(RANK)


def test_no_module_needs_itself() -> None:
    """Imports inside functions count as well; those that only name types, and rooms that a door opens, do not."""
    modules = {_module(path): path for path in MODULES}
    needs = {name: _needed(path, modules) - {name, "sim"} for name, path in modules.items()}
    order = TopologicalSorter(needs)
    try:
        order.prepare()
    except CycleError as error:
        pytest.fail(f"a circle of imports: {' <- '.join(error.args[1])}")


def _module(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def _needed(path: Path, modules: Collection[str]) -> set[str]:
    """The modules of `sim` that a file imports when it is loaded or run."""
    found: set[str] = set()
    waiting: list[ast.AST] = [ast.parse(path.read_text(encoding="utf-8"))]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            waiting += node.orelse
            continue
        if isinstance(node, ast.FunctionDef) and path.name == "__init__.py":
            continue
        waiting += ast.iter_child_nodes(node)
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in modules else node.module for name in names}
    return found & set(modules)


@pytest.mark.parametrize("module", ["sim", "sim.cli"])
def test_import_is_light(module: str) -> None:
    code = f"import sys, {module}; print(*sorted(set(sys.modules) & set({HEAVY!r})))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == []


@pytest.mark.parametrize("command", ["compare", "fit", "probe"])
def test_help_loads_no_scenario(command: str) -> None:
    """Its end is the exception of a command line library; what looks at exceptions must stay light as well."""
    code = f"import sys; from sim.cli import main; sys.argv = ['lastclick', {command!r}, '--help']\ntry: main()\nfinally: print('loaded:', *sorted(set(sys.modules) & {{'pydantic', 'numpy', 'sim.scenario'}}))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.rstrip().endswith("loaded:"), done.stdout[-300:] + done.stderr


@pytest.fixture(scope="module")
def committed() -> list[Path]:
    """Files that are, or by the ignore rules would be, committed."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout")
    return [ROOT / name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()]


def test_no_machine_paths_or_registry_hosts(committed: list[Path]) -> None:
    found = [
        f"{path.relative_to(ROOT)}: {word.decode()}"
        for path in committed
        for word in FORBIDDEN
        if word in path.read_bytes()
    ]
    assert found == []


def test_no_log_is_committed(committed: list[Path]) -> None:
    if not DATA.is_dir():
        pytest.skip("the folder of real logs is not here")
    digests = {_digest(path) for path in DATA.glob("*.gz")}
    assert [path for path in committed if _digest(path) in digests] == []


def test_no_big_file_is_committed(committed: list[Path]) -> None:
    assert [path for path in committed if path.stat().st_size > 1_000_000] == []


def test_decisions_are_found_from_their_index_and_dated() -> None:
    index = (ROOT / "docs" / "decisions.md").read_text(encoding="utf-8")
    pages = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    assert [f"](decisions/{page.name})" in index for page in pages] == [True] * len(pages)
    for page in pages:
        text = page.read_text(encoding="utf-8")
        for entry in text.split("\n- ")[1:]:
            assert re.search(r"\*\(\d{4}-\d\d-\d\d\)\*$", entry.strip()), (
                f"{page.name}: {entry[:60]}"
            )
        for target in re.findall(r"\]\(([^)#:]+)", text):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_no_step_returns_one_constant_alone() -> None:
    """Numba types it as a literal, and the linked kernel that calls it crashes; a computed value does not."""
    for path in sorted((ROOT / "sim" / "engine" / "steps").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                values = [at.value for at in ast.walk(node) if isinstance(at, ast.Return)]
                told = {v.value if isinstance(v, ast.Constant) else v for v in values}
                alone = len(told) == 1 and isinstance(values[0], ast.Constant)
                assert not alone, f"{path.name}: {node.name}"
