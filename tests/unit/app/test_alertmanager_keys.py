"""Files that served an Alertmanager: what is taken, what is left out with a word, what is refused by its name."""

import logging

import pytest

from barograph.app.alert_service import prepare
from barograph.app.config import load_config
from barograph.model.errors import ConfigError
from helpers.config import config_of
from helpers.expressions import conformance

TAKEN = ""
VERDICTS = {
    "config/conf.empty-fields.yml": TAKEN,
    "config/conf.good.yml": "global.http_config.proxy_url: Barograph asks servers itself",
    "config/conf.group-by-all.yml": TAKEN,
    "config/conf.http-config.good.yml": "receivers[0].slack_configs[0].http_config.proxy_url: Barograph asks servers",
    "config/conf.mattermost-both-webhook-url-and-file.yml": "receivers[0].mattermost_configs: Barograph has no matter",
    "config/conf.mattermost-default-webhook-url-file.yml": "receivers[0].mattermost_configs: Barograph has no matterm",
    "config/conf.mattermost-no-webhook-url.yml": "receivers[0].mattermost_configs: Barograph has no mattermost",
    "config/conf.nil-match_re-route.yml": "route.routes[0].match_re: expected a text, got nothing",
    "config/conf.nil-target_match_re-inhibition.yml": "inhibit_rules[0].target_match_re: expected a text, got nothing",
    "config/conf.opsgenie-both-file-and-apikey.yml": "receivers[0].opsgenie_configs: Barograph has no opsgenie",
    "config/conf.opsgenie-default-apikey-file.yml": "receivers[0].opsgenie_configs: Barograph has no opsgenie",
    "config/conf.opsgenie-default-apikey-old-team.yml": "receivers[0].opsgenie_configs: Barograph has no opsgenie",
    "config/conf.opsgenie-default-apikey.yml": "receivers[0].opsgenie_configs: Barograph has no opsgenie",
    "config/conf.rocketchat-default-token-file.yml": "receivers[0].rocketchat_configs: Barograph has no rocketchat",
    "config/conf.slack-both-file-and-url.yml": "global.slack_api_url_file: slack_api_url is given too",
    "config/conf.slack-both-url-and-token.yml": "global.slack_app_token: slack_api_url is given too",
    # it loads where the files are there that it names
    "config/conf.slack-default-api-url-file.yml": "global.slack_api_url_file: /global_file cannot be read",
    "config/conf.smtp-both-password-and-file.yml": "global.smtp_auth_password_file: smtp_auth_password is given too",
    "config/conf.smtp-password-global-and-local.yml": "global.smtp_auth_secret_file: CRAM-MD5 is not spoken",
    "config/conf.telegram-both-bot-token-and-file.yml": "receivers[0].telegram_configs: Barograph has no telegram",
    "config/conf.telegram-default-bot-token.yml": "receivers[0].telegram_configs: Barograph has no telegram",
    "config/conf.telegram-no-bot-token.yml": "receivers[0].telegram_configs: Barograph has no telegram",
    "config/conf.victorops-both-file-and-apikey.yml": "receivers[0].victorops_configs: Barograph has no victorops",
    "config/conf.victorops-no-apikey.yml": "receivers[0].victorops_configs: Barograph has no victorops",
    "examples/simple.yml": "receivers[1].pagerduty_configs[0].service_key: PagerDuty's Events API v1 is not spoken",
}


@pytest.mark.parametrize("name", VERDICTS)
def test_upstream_configurations_have_these_verdicts(name: str) -> None:
    file = conformance("alertmanager") / name
    if VERDICTS[name] == TAKEN:
        assert prepare(load_config(file, {})).policy.root is not None
        return
    with pytest.raises(ConfigError) as refusal:
        load_config(file, {})
    assert f"{refusal.value.path}: {refusal.value.message}".startswith(VERDICTS[name])
    assert refusal.value.line > 1


def test_every_upstream_configuration_has_a_verdict() -> None:
    folder = conformance("alertmanager")
    found = {f"{part}/{file.name}" for part in ("config", "examples") for file in (folder / part).glob("*.yml")}
    assert found == set(VERDICTS)


def test_times_need_no_quotes() -> None:
    text = """
route: {receiver: a, routes: [{matchers: [b="c"], mute_time_intervals: [night]}]}
receivers: [{name: a}]
time_intervals:
  - name: night
    time_intervals:
      - times: [{start_time: 22:30, end_time: 23:59}, {start_time: 00:00, end_time: 06:00}]
        days_of_month: [1, 3:5, -1]
        months: [1:3]
"""
    (interval,) = prepare(config_of(text)).policy.intervals["night"]
    assert interval.minutes == ((1350, 1439), (0, 360))
    assert (interval.days_of_month, interval.months) == (((1, 1), (3, 5), (-1, -1)), ((1, 3),))


SERVED = """
global:
  resolve_timeout: 5m
  smtp_hello: mx.example.org
  smtp_smarthost: mail.example.org:587
  smtp_from: a@example.org
  opsgenie_api_key: s3cret
  http_config: {follow_redirects: true}
templates: [/etc/alertmanager/*.tmpl]
tracing: {endpoint: localhost:4317}
route:
  receiver: all
  routes: [{receiver: all, labels: {team: x}, matchers: [a="b"]}]
receivers:
  - name: all
    opsgenie_configs: []
    email_configs: [{to: b@example.org, html: "<b>", headers: {Subject: s}}]
    webhook_configs: [{url: "http://a.example/", timeout: 5s, http_config: {enable_http2: false}}]
    slack_configs: [{api_url: "http://b.example/", title: t, http_config: {follow_redirects: true}}]
    pagerduty_configs: [{routing_key: k, details: {a: b}}]
"""


def test_what_cannot_silence_anybody_is_left_out_with_its_place(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    telling = prepare(config_of(SERVED))
    assert [way.kind for way in telling.ways["all"]] == ["webhook", "email", "slack", "pagerduty"]
    told = [record.getMessage().partition("barograph.yml:")[2] for record in caplog.records]
    assert [words.split(" is left out: ")[0] for words in told] == [
        "9:1: templates",
        "10:1: tracing",
        "3:3: global.resolve_timeout",
        "4:3: global.smtp_hello",
        "7:3: global.opsgenie_api_key",
        "8:17: global.http_config.follow_redirects",
        "13:28: route.routes[0].labels",
        "17:41: receivers[0].email_configs[0].html",
        "17:54: receivers[0].email_configs[0].headers",
        "18:50: receivers[0].webhook_configs[0].timeout",
        "18:77: receivers[0].webhook_configs[0].http_config.enable_http2",
        "19:52: receivers[0].slack_configs[0].title",
        "19:76: receivers[0].slack_configs[0].http_config.follow_redirects",
        "20:42: receivers[0].pagerduty_configs[0].details",
    ]
    assert "s3cret" not in caplog.text


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("global: {http_config: {tls_config: {ca_file: /a}}}", "global.http_config.tls_config"),
        ("global: {http_config: {basic_auth: {username: a}}}", "global.http_config.basic_auth"),
        ("global: {http_config: 7}", "global.http_config"),
        ("global: {smtp_force_implicit_tls: true}", "global.smtp_force_implicit_tls"),
        ("receivers: [{name: a, sns_configs: [{}]}]", "receivers[0].sns_configs"),
        (
            "receivers: [{name: a, webhook_configs: [{url: 'http://a/', payload: {a: b}}]}]",
            "receivers[0].webhook_configs[0].payload",
        ),
        (
            "receivers: [{name: a, webhook_configs: [{url: 'http://a/', http_config: {oauth2: {client_id: a}}}]}]",
            "receivers[0].webhook_configs[0].http_config.oauth2",
        ),
        ("receivers: [{name: a, slack_configs: [{app_token: t}]}]", "receivers[0].slack_configs[0].app_token"),
        ("receivers: [{name: a, webhook_configs: [7]}]", "receivers[0].webhook_configs[0]"),
        ("receivers: [7]", "receivers[0]"),
        ("route: {routes: [7]}", "route.routes[0]"),
        ("templetes: [a]", "templetes"),
    ],
)
def test_what_could_silence_somebody_is_refused_at_its_place(text: str, place: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        config_of(text)
    assert refusal.value.path == place


def test_what_is_switched_off_or_empty_is_as_if_it_were_not_there(caplog: pytest.LogCaptureFixture) -> None:
    config_of(
        "global: {smtp_force_implicit_tls: false, smtp_auth_secret: '', http_config: {proxy_from_environment: false}}"
    )
    assert not caplog.records
