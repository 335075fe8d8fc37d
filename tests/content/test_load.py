"""Packs: what is wrong is said all at once, with the place where it stands."""

from pathlib import Path

import pytest

from bot.capabilities.questions.starting import PackExpert, PackTopic
from bot.ids import TopicId
from content.load import PackError, load_pack
from tests.search.shared_data import find_shared_data

PACK = "kind: pack\nid: ours\ntitle: Ours\nversion: 1.0.0\nlanguage: en\n"
TOPICS = "kind: topics\ntopics:\n  - {id: billing, title: Billing}\n"


def errors_of(folder: Path, **files: str) -> list[str]:
    """What the loader says about a pack of these files, each path shortened to its name."""
    for name, text in ({"pack": PACK} | files).items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(PackError) as caught:
        load_pack(folder)
    assert str(caught.value) == "\n".join(caught.value.errors)
    return [error.removeprefix(f"{folder}/") for error in caught.value.errors]


def test_a_pack_becomes_values(tmp_path: Path) -> None:
    (tmp_path / "pack.yaml").write_text(PACK)
    (tmp_path / "any-name.yaml").write_text(
        "kind: topics\n"
        "topics:\n"
        "  - {id: billing, title: Billing, aliases: [invoice], steward: '@kim', regulated: no}\n"
    )
    (tmp_path / "experts.yaml").write_text(
        "kind: experts\n"
        "experts:\n"
        '  - {user: "@kim", topics: {billing: steward}, weekly_soft_cap: 4,\n'
        '     office_hours: ["Tue 14:00-15:00"]}\n'
    )
    pack = load_pack(tmp_path)
    assert (pack.id, pack.version, pack.faq, pack.demo) == ("ours", "1.0.0", (), None)
    billing = TopicId("billing")
    assert pack.topics == (
        PackTopic(id=billing, title="Billing", aliases=("invoice",), steward="kim"),
    )
    assert pack.experts == (PackExpert("kim", ((billing, "steward"),), weekly_cap=4),)


def test_misspelt_names_and_values_come_with_a_suggestion(tmp_path: Path) -> None:
    assert errors_of(
        tmp_path,
        topics=TOPICS + "    \n  - {id: b, titel: B, aliases: [x]}\n",
        experts=(
            "kind: experts\nexperts:\n"
            '  - user: "@kim"\n    topics: {billing: stewart}\n    weekly_soft_cap: "4"\n'
        ),
    ) == [
        (
            "experts.yaml:4:14: error: experts.0.topics.billing: Input should be 'steward', "
            "'can_help', 'learning' or 'none' (did you mean 'steward'?)"
        ),
        "experts.yaml:5:5: error: experts.0.weekly_soft_cap: Input should be a valid integer",
        "topics.yaml:5:13: error: topics.1.titel: this is unknown here (did you mean 'title'?)",
    ]


def test_a_comma_that_splits_a_text_is_recognised(tmp_path: Path) -> None:
    assert errors_of(
        tmp_path, topics="kind: topics\ntopics:\n  - {id: a, title: Trips, trains and hotels}\n"
    ) == [
        (
            "topics.yaml:3:27: error: topics.0.trains and hotels: 'trains and hotels' is no name. "
            "Does a comma end the text before it? Text with a comma is put in quotes inside braces"
        )
    ]


def test_a_number_or_a_date_where_text_belongs_says_put_it_in_quotes(tmp_path: Path) -> None:
    found = errors_of(
        tmp_path,
        pack="kind: pack\nid: ours\ntitle: 2026-03-02\nversion: 1.0\nlanguage: en\n",
    )
    assert found == [
        "pack.yaml:3:1: error: title: Input should be a valid string (put it in quotes)",
        "pack.yaml:4:1: error: version: Input should be a valid string (put it in quotes)",
    ]


def test_references_are_checked_across_files(tmp_path: Path) -> None:
    assert errors_of(
        tmp_path,
        topics=(
            "kind: topics\ntopics:\n"
            '  - {id: billing, title: Billing, steward: "@kin", channel: "#bils"}\n'
        ),
        experts='kind: experts\nexperts:\n  - {user: "@kim", topics: {bilings: can_help}}\n',
        faq="kind: faq\nentries:\n  - {id: e, title: How?, text: So., topic: sales}\n",
        demo=(
            "kind: demo\nworkspace: Demo\nchannels: [{name: '#bills'}]\npeople:\n"
            "  - {handle: kim, name: Kim, about: Pays., manager: '@boss'}\n"
        ),
    ) == [
        "demo.yaml:5:44: error: people.0.manager: unknown person 'boss'",
        (
            "experts.yaml:3:29: error: experts.0.topics.bilings: unknown topic 'bilings' "
            "(did you mean 'billing'?)"
        ),
        "faq.yaml:3:37: error: entries.0.topic: unknown topic 'sales'",
        "topics.yaml:3:35: error: topics.0.steward: unknown person 'kin' (did you mean 'kim'?)",
        (
            "topics.yaml:3:52: error: topics.0.channel: unknown channel '#bils' "
            "(did you mean '#bills'?)"
        ),
    ]


def test_a_broken_file_hides_no_cause_behind_unknown_references(tmp_path: Path) -> None:
    assert errors_of(
        tmp_path,
        topics="kind: topics\ntopics:\n  - {id: Billing!, title: Billing}\n",
        faq="kind: faq\nentries:\n  - {id: e, title: How?, text: So., topic: billing}\n",
    ) == [
        (
            "topics.yaml:3:6: error: topics.0.id: an id is small letters, digits and hyphens, "
            "as in first-aid"
        )
    ]


def test_the_same_id_or_name_twice_is_said_where_it_stands_again(tmp_path: Path) -> None:
    assert errors_of(
        tmp_path,
        topics=TOPICS,
        more="kind: topics\ntopics:\n  - {id: billing, title: Bills, aliases: [billing]}\n",
    ) == [
        "topics.yaml:3:6: error: topics.0.id: there is a topic 'billing' already, in more.yaml:3",
        (
            "topics.yaml:3:19: error: topics.0.title: there is a name 'billing' already, "
            "in more.yaml:3"
        ),
    ]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", "x.yaml:1:1: error: the file is empty; it begins with 'kind: ...'"),
        ("- a\n", "x.yaml:1:1: error: a file holds names with values; it begins with 'kind: ...'"),
        (
            "kind: topic\n",
            (
                "x.yaml:1:1: error: kind: this is one of 'pack', 'topics', 'experts', 'faq', "
                "'demo', 'section', 'tips', 'quiz', 'prompts', 'campaign', 'metric' "
                "(did you mean 'topics'?)"
            ),
        ),
        ("kind: faq\nkind: faq\n", "x.yaml:2:1: error: there is a 'kind' already, in line 1"),
        ("kind: faq\n  a: [\n", "x.yaml:2:4: error: text with a colon is put in quotes, and what"),
        ("kind: faq\nentries: \x07\n", "x.yaml:2:10: error: YAML does not allow this character"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, text: str, error: str) -> None:
    found = errors_of(tmp_path, x=text)
    assert len(found) == 1
    assert found[0].startswith(error)


def test_another_encoding_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_bytes("kind: faq\n# Größe\n".encode("latin-1"))
    assert errors_of(tmp_path) == [
        "x.yaml:2:5: error: byte 0xf6 is not UTF-8: save the file as UTF-8"
    ]


def test_a_folder_without_a_pack_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(PackError) as caught:
        load_pack(tmp_path)
    assert caught.value.errors == (
        (
            f"{tmp_path}/pack.yaml:1:1: error: '{tmp_path.name}' has no file of the kind 'pack': "
            "inflow content new pack FOLDER shows one"
        ),
    )


def test_an_unknown_time_zone_comes_with_a_suggestion(tmp_path: Path) -> None:
    assert errors_of(
        tmp_path,
        demo=(
            "kind: demo\nworkspace: Demo\nchannels: []\npeople:\n"
            "  - {handle: kim, name: Kim, about: Pays., zone: Europe/Berln}\n"
        ),
    ) == [
        (
            "demo.yaml:5:44: error: people.0.zone: there is no time zone 'Europe/Berln' "
            "(did you mean 'Europe/Berlin'?)"
        )
    ]


def test_the_sample_pack_has_good_shape() -> None:
    data = find_shared_data()
    folder = data.parent / "sample-pack" if data else Path()
    if data is None or not folder.is_dir():
        pytest.skip("../shared/sample-pack is absent")
    pack = load_pack(folder)
    assert [topic.id for topic in pack.topics] == [
        "customer-data",
        "incident-response",
        "spreadsheets",
    ]
    assert {expert.handle for expert in pack.experts} >= {topic.steward for topic in pack.topics}
