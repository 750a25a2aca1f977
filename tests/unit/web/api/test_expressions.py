from unit.web.site import Site


def test_the_functions_of_the_language_are_told_with_their_help(site: Site) -> None:
    found = {word["name"]: word for word in site.get("/api/barograph/v1/functions").json()["data"]}
    assert found["rate"]["call"] == "rate(v[range])"
    assert found["rate"]["kind"] == "function"
    assert found["topk"]["kind"] == "aggregation"
    assert found["topk"]["words"]
