import pytest

from barograph.model.units import Duration, Size, whole_number


@pytest.mark.parametrize(("text", "number"), [("0", 0), ("25", 25), ("007", 7), ("9" * 15, 10**15 - 1)])
def test_whole_numbers_are_read(text: str, number: int) -> None:
    assert whole_number(text) == number


@pytest.mark.parametrize("text", ["", "-1", "+1", " 1", "1.0", "1e3", "٣", "²", "1" + "0" * 15, "9" * 5000])
def test_what_is_no_whole_number_that_is_counted_is_none(text: str) -> None:
    assert whole_number(text) is None


@pytest.mark.parametrize(
    ("text", "milliseconds", "written"),
    [
        ("0", 0, "0s"),
        ("0s", 0, "0s"),
        ("15s", 15_000, "15s"),
        ("500ms", 500, "500ms"),
        ("1h30m", 5_400_000, "1h30m"),
        ("90m", 5_400_000, "1h30m"),
        ("1d", 86_400_000, "1d"),
        ("30d", 2_592_000_000, "30d"),
        ("2w", 1_209_600_000, "2w"),
        ("8d", 691_200_000, "8d"),
        ("1y", 31_536_000_000, "1y"),
        ("1y1d", 31_622_400_000, "366d"),
        ("1w1d1h1m1s1ms", 694_861_001, "8d1h1m1s1ms"),
        ("1d1s", 86_401_000, "1d1s"),
    ],
)
def test_durations_are_read_and_written_as_prometheus_does(text: str, milliseconds: int, written: str) -> None:
    duration = Duration.parse(text)
    assert duration == milliseconds
    assert duration.ms == milliseconds
    assert duration.seconds == milliseconds / 1000
    assert str(duration) == repr(duration) == written
    assert Duration.parse(written) == duration


@pytest.mark.parametrize("text", ["", "s", "15", "1.5s", "-1s", "1m1h", "1s1s", "1 s", "1S", " 1s", "1s\n", "١s"])
def test_what_is_no_duration_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration: write it like 15s, 500ms or 1h30m"):
        Duration.parse(text)


@pytest.mark.parametrize(
    ("text", "size_bytes", "written"),
    [
        ("0", 0, "0B"),
        ("100", 100, "100B"),
        ("100B", 100, "100B"),
        ("1KB", 1024, "1KiB"),
        ("1KiB", 1024, "1KiB"),
        ("512MB", 512 * 1024**2, "512MiB"),
        ("1.5GiB", 1536 * 1024**2, "1536MiB"),
        ("10 GiB", 10 * 1024**3, "10GiB"),
        (" 2TB ", 2 * 1024**4, "2TiB"),
        ("1PB", 1024**5, "1024TiB"),
        ("1025", 1025, "1025B"),
    ],
)
def test_sizes_are_powers_of_1024(text: str, size_bytes: int, written: str) -> None:
    size = Size.parse(text)
    assert size == size_bytes
    assert size.bytes == size_bytes
    assert str(size) == repr(size) == written
    assert Size.parse(written) == size


@pytest.mark.parametrize("text", ["", "MB", "1XB", "-1MB", "1.MB", "1,5GB", "1K", "1MBB", "5iB", "١MB"])
def test_what_is_no_size_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="is not a size: write it like 512MB or 10GiB"):
        Size.parse(text)
