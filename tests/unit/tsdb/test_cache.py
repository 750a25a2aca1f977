from barograph.tsdb.cache import ENTRY_BYTES, ByteCache


def test_what_was_not_used_for_longest_goes_first() -> None:
    cache: ByteCache[str, int] = ByteCache(3 * ENTRY_BYTES + 30)
    for number, key in enumerate("abc"):
        cache.put(key, number, 10)
    assert cache.get("a") == 0
    cache.put("d", 3, 10)
    assert cache.get("b") is None
    assert (cache.get("a"), len(cache), cache.size_bytes) == (0, 3, 3 * ENTRY_BYTES + 30)


def test_a_value_put_again_counts_once() -> None:
    cache: ByteCache[str, int] = ByteCache(3 * ENTRY_BYTES + 30)
    cache.put("a", 1, 10)
    cache.put("a", 2, 20)
    assert (cache.get("a"), cache.size_bytes) == (2, ENTRY_BYTES + 20)


def test_a_value_larger_than_the_budget_is_not_kept() -> None:
    cache: ByteCache[str, int] = ByteCache(3 * ENTRY_BYTES + 30)
    cache.put("a", 1, 2 * ENTRY_BYTES + 31)
    assert cache.get("a") is None


def test_values_without_a_size_are_not_kept_without_end() -> None:
    cache: ByteCache[int, None] = ByteCache(10 * ENTRY_BYTES)
    for number in range(1_000):
        cache.put(number, None, 0)
    assert len(cache) == 10
