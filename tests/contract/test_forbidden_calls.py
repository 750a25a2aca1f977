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


def findings(text: str, name: str = "x.py") -> Iterator[str]:
    """Yield what is forbidden in a source."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.split(".")[0] in MODULES)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in MODULES:
            yield str(node.module)
        elif isinstance(node, ast.Call):
            yield from _call(node, name)


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
