from barograph.web.moments import rfc3339_nano


def test_an_instant_has_as_many_decimals_as_it_needs() -> None:
    assert rfc3339_nano(1_700_000_000_000) == "2023-11-14T22:13:20Z"
    assert rfc3339_nano(1_700_000_000_500) == "2023-11-14T22:13:20.5Z"
    assert rfc3339_nano(1_700_000_000_007) == "2023-11-14T22:13:20.007Z"
    assert rfc3339_nano(0) == "0001-01-01T00:00:00Z"
