"""Where connections to the outside go through."""

import os

import pytest

from bot.proxy import find_proxy

PROXY = "http://proxy.example.com:3128"


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    return monkeypatch


@pytest.mark.parametrize(
    ("url", "proxy"),
    [
        ("https://slack.com/api/", PROXY),
        ("http://slack.com/api/", None),
        ("https://inside.example.com/", None),
        ("https:///nowhere", None),
    ],
)
def test_proxy_is_the_one_that_the_environment_names(
    url: str, proxy: str | None, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("https_proxy", PROXY)
    environment.setenv("no_proxy", "inside.example.com")
    assert find_proxy(url) == proxy


def test_without_a_proxy_there_is_none(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("no_proxy", "*")
    assert find_proxy("https://slack.com/api/") is None
