import pytest

from barograph.collectors.cgroup.membership import Membership
from barograph.collectors.process.naming import Namer, ProcessNaming
from barograph.collectors.process.record import Process
from barograph.model.errors import ConfigError
from barograph.model.processes import ProcessFacts

_STAT = b"42 (%s) S 1 1 1 0 -1 %d 1 0 1 0 1 1 0 0 20 0 3 0 99 4096 5\n"


def named(
    *entries: ProcessNaming, arguments: tuple[str, ...] = ("/usr/bin/java", "-jar", "shop.jar"), flags: int = 0
) -> str:
    process = Process("42", -1, _STAT % (b"java", flags))
    process.arguments = arguments
    process.membership = Membership("/a/b", "shop.service", "c0ffee")
    facts = ProcessFacts(42, 1_600_000_000_500, "java", "java", "me", "shop.service", "c0ffee")
    return Namer(entries).name(process, facts)


def test_by_default_the_name_is_the_kernels() -> None:
    assert named(ProcessNaming()) == "java"


def test_kernel_threads_are_one_group() -> None:
    assert named(ProcessNaming(), flags=0x00200000) == "kernel"


def test_the_first_that_fits() -> None:
    entries = [ProcessNaming(name="no", comm=("python",)), ProcessNaming(name="yes", comm=("x", "java"))]
    assert named(*entries) == "yes"
    assert named(entries[0]) == ""


@pytest.mark.parametrize(
    ("exe", "fits"), [("java", True), ("/usr/bin/java", True), ("/bin/java", False), ("bin/java", False)]
)
def test_exe_by_path_or_last_part(exe: str, fits: bool) -> None:
    assert bool(named(ProcessNaming(exe=(exe,)))) is fits


def test_regexes_must_all_be_found_and_give_words() -> None:
    entry = ProcessNaming(
        name="{{.Matches.what}}-{{ .Matches.none }}", cmdline=(r"(?P<what>\w+)\.jar(?P<none>x)?", "-jar")
    )
    assert named(entry) == "shop-"
    assert named(ProcessNaming(cmdline=("-jar", "other"))) == ""


def test_every_word() -> None:
    words = ("Comm", "ExeBase", "ExeFull", "Username", "PID", "StartTime", "Cgroups", "Unit", "Container")
    text = " ".join("{{." + word + "}}" for word in words)
    assert named(ProcessNaming(name=text)) == "java java /usr/bin/java me 42 1600000000 /a/b shop.service c0ffee"
    assert named(ProcessNaming(name="[{{.ExeBase}}]"), arguments=()) == "[]"


def test_an_empty_name_is_no_group() -> None:
    assert named(ProcessNaming(name="{{.ExeBase}}"), arguments=()) == ""


@pytest.mark.parametrize("text", ["{{.Commm}}", "{{.Matches}}", "{{.Comm.x}}"])
def test_an_unknown_word(text: str) -> None:
    with pytest.raises(ConfigError, match="is no word of a group's name: there are Comm, ") as caught:
        Namer([ProcessNaming(), ProcessNaming(name=text)])
    assert caught.value.path == "collectors.process.names[1].name"


def test_a_regex_that_is_none() -> None:
    with pytest.raises(ConfigError) as caught:
        Namer([ProcessNaming(cmdline=("ok", "("))])
    assert caught.value.path == "collectors.process.names[0].cmdline[1]"
