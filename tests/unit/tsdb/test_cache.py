from barograph.tsdb.cache import ByteCache


def test_what_was_not_used_for_longest_goes_first() -> None:
    cache: ByteCache[str, int] = ByteCache(30)
    for number, key in enumerate("abc"):
        cache.put(key, number, 10)
    assert cache.get("a") == 0
    cache.put("d", 3, 10)
    assert cache.get("b") is None
    assert (cache.get("a"), len(cache), cache.size_bytes) == (0, 3, 30)


def test_a_value_put_again_counts_once() -> None:
    cache: ByteCache[str, int] = ByteCache(30)
    cache.put("a", 1, 10)
    cache.put("a", 2, 20)
    assert (cache.get("a"), cache.size_bytes) == (2, 20)


def test_a_value_larger_than_the_budget_is_not_kept() -> None:
    cache: ByteCache[str, int] = ByteCache(30)
    cache.put("a", 1, 31)
    assert cache.get("a") is None
