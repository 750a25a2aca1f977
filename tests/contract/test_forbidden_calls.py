"""What has let others in elsewhere is nowhere here: shells, unpickling, evaluated text, HTML made of text.

Each rule is also seen to find what it forbids.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted((ROOT / "src" / "barograph").rglob("*.py"))
PAGES = sorted(path for path in (ROOT / "web" / "src").rglob("*") if path.suffix in (".ts", ".tsx", ".svelte", ".js"))

MODULES = {
    "pickle",
    "cPickle",
    "marshal",
    "shelve",
    "dill",
    "jsonpickle",
    "jinja2",
    "mako",
    "pty",
    "telnetlib",
    "ftplib",
}
NAMES = {"eval", "exec", "compile", "__import__", "breakpoint"}
CALLS = {
    "os.system",
    "os.popen",
    "os.spawnl",
    "os.execl",
    "os.execlp",
    "os.execvp",
    "commands.getoutput",
    "subprocess.getoutput",
    "subprocess.getstatusoutput",
    "asyncio.create_subprocess_shell",
    "yaml.load",
    "yaml.load_all",
    "yaml.unsafe_load",
    "yaml.full_load",
    "tempfile.mktemp",
    "ssl._create_unverified_context",
    "np.load",
    "numpy.load",
}
ALLOWED = {("cli/main.py", "importlib.import_module"), ("tsdb/log.py", "self.connection.execute(f-string)")}
"""Names of modules and of tables that come from literals of ours."""
HTML = re.compile(
    r"\binnerHTML\b|\bouterHTML\b|insertAdjacentHTML|document\.write|dangerouslySetInnerHTML|\{@html|"
    r"\beval\(|new Function\(|createContextualFragment|javascript:|\.srcdoc\b"
)


PATTERN_CALLS = {
    f"re.{name}" for name in ("compile", "match", "fullmatch", "search", "sub", "subn", "split", "findall", "finditer")
}
OWN_PATTERNS = {"web/routes.py"}
"""Where a pattern is made of text of ours that is no literal: of the table of routes."""


def foreign_patterns(text: str, name: str = "x.py") -> Iterator[str]:
    """Yield calls of `re` whose pattern is no text that stands in the source: what others write is for RE2."""
    tree = ast.parse(text)
    texts = {
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    }
    # what is made while a module is imported is ours: nobody else has said anything yet
    functions = [
        node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
    ]
    for node in (inner for function in functions for inner in ast.walk(function)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in PATTERN_CALLS and node.args:
            names = {one.id for one in ast.walk(node.args[0]) if isinstance(one, ast.Name)}
            calls = any(isinstance(one, ast.Call) for one in ast.walk(node.args[0]))
            if (calls or not names <= texts) and name not in OWN_PATTERNS:
                yield ast.unparse(node)


def findings(text: str, name: str = "x.py") -> Iterator[str]:
    """Yield what is forbidden in a source."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.split(".")[0] in MODULES)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in MODULES:
            yield str(node.module)
        elif isinstance(node, ast.Call):
            yield from _call(node, name)


def runs_in_foreign_folders(text: str) -> Iterator[str]:
    """Yield where Python is started with the current folder before its own library: anybody may have written there."""
    for node in ast.walk(ast.parse(text)):
        words = node.elts if isinstance(node, ast.List | ast.Tuple) else node.args if isinstance(node, ast.Call) else []
        said = [ast.unparse(word) for word in words]
        if "sys.executable" in said and "'-m'" in said and "'-P'" not in said:
            yield ", ".join(said)


def _call(node: ast.Call, name: str) -> Iterator[str]:
    called = ast.unparse(node.func)
    if called in NAMES or called in CALLS:
        yield called
    if called == "importlib.import_module" and (name, called) not in ALLOWED:
        yield called
    for keyword in node.keywords:
        if keyword.arg == "shell" and not (isinstance(keyword.value, ast.Constant) and keyword.value.value is False):
            yield f"{called}(shell=...)"
        if keyword.arg == "verify" and isinstance(keyword.value, ast.Constant) and keyword.value.value is False:
            yield f"{called}(verify=False)"
        if keyword.arg == "extractall":
            yield called
    if called.endswith((".extractall", ".unpack_archive")):
        yield called
    # SQL is text of ours with values beside it, never put into it
    if called.endswith((".execute", ".executemany")) and node.args and isinstance(node.args[0], ast.JoinedStr):
        found = f"{called}(f-string)"
        if (name, found) not in ALLOWED:
            yield found


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT / "src" / "barograph")))
def test_no_source_does_what_is_forbidden(path: Path) -> None:
    name = str(path.relative_to(ROOT / "src" / "barograph"))
    assert list(findings(path.read_text(), name)) == []


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT / "src" / "barograph")))
def test_no_pattern_of_others_is_matched_by_an_engine_that_tries_back(path: Path) -> None:
    name = str(path.relative_to(ROOT / "src" / "barograph"))
    assert list(foreign_patterns(path.read_text(), name)) == []


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT / "src" / "barograph")))
def test_no_program_of_ours_is_started_from_the_current_folder(path: Path) -> None:
    assert list(runs_in_foreign_folders(path.read_text())) == []


def test_and_that_rule_finds_it() -> None:
    assert list(runs_in_foreign_folders("subprocess.run([sys.executable, '-m', 'x'])"))
    assert list(runs_in_foreign_folders("start(sys.executable, '-m', 'x')"))
    assert not list(runs_in_foreign_folders("start(sys.executable, '-P', '-m', 'x')"))


@pytest.mark.parametrize("text", ["re.compile(given)", "re.search(f'{given}x', y)", "re.fullmatch(make(), y)"])
def test_and_that_rule_finds_what_it_forbids(text: str) -> None:
    assert list(foreign_patterns(f"def f(given):\n    {text}"))
    assert not list(foreign_patterns("_A = 'x'\ndef f():\n    re.compile(rf'{_A}+')\n    re.sub(r'a', b, c)"))


@pytest.mark.parametrize(
    "text",
    [
        "import pickle",
        "from marshal import loads",
        "import jinja2.sandbox",
        "eval('1')",
        "exec(x)",
        "os.system('ls')",
        "subprocess.run('ls', shell=True)",
        "subprocess.run('ls', shell=flag)",
        "asyncio.create_subprocess_shell('ls')",
        "yaml.load(x)",
        "importlib.import_module(x)",
        "httpx.get(x, verify=False)",
        "archive.extractall(x)",
        "connection.execute(f'SELECT {x}')",
        "np.load(x)",
    ],
)
def test_each_rule_finds_what_it_forbids(text: str) -> None:
    assert list(findings(text))


def test_the_page_shows_text_as_text_alone() -> None:
    assert PAGES, "the page's source is where it was"
    found = [f"{path.name}: {match[0]}" for path in PAGES for match in HTML.finditer(path.read_text())]
    assert found == []


@pytest.mark.parametrize("text", ["x.innerHTML = y", "{@html y}", "eval(y)", "new Function(y)", 'href="javascript:y"'])
def test_and_the_pages_rule_finds_what_it_forbids(text: str) -> None:
    assert HTML.search(text)
