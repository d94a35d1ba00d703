"""Reading seeds: what they may hold, and errors that name file, line and path."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest

from portico.emulator.seeds.format import ClientEntry, LinkEntry, Named, Seed
from portico.emulator.seeds.reading import SIZE_LIMIT_BYTES, SeedFile, parse_seed, read_seed
from portico.emulator.seeds.sources import SeedError, Source

HEAD = "set: test\ntenants:\n- name: Acme\n"


def parse(
    text: str, *, name: str = "seed.yaml", plain_secrets: bool = True, folder: Path | None = None
) -> SeedFile:
    """The seed in a text, whose environment has one variable."""
    return parse_seed(
        text.encode(),
        Source(name=name, folder=folder),
        plain_secrets=plain_secrets,
        environment={"CI_SECRET": "from the environment"},
    )


def refusal(text: str, *, name: str = "seed.yaml", plain_secrets: bool = True) -> str:
    """The sentence that refuses a text."""
    with pytest.raises(SeedError) as refused:
        parse(text, name=name, plain_secrets=plain_secrets)
    return refused.value.reason


def test_yaml_and_json_of_the_same_content_are_the_same_seed() -> None:
    yaml = HEAD + "  links:\n  - name: Wiki\n    link: wiki.example.com\n    enabled: no\n"
    written = {
        "set": "test",
        "tenants": [
            {
                "name": "Acme",
                "links": [{"name": "Wiki", "link": "wiki.example.com", "enabled": False}],
            }
        ],
    }

    assert parse(yaml).seed == parse(json.dumps(written), name="seed.json").seed
    assert parse(yaml).seed == parse(json.dumps(written, indent=4)).seed


def test_left_out_differs_from_empty() -> None:
    without = parse(HEAD).seed
    empty = parse(f"{HEAD}  links: []\n").seed

    assert without != empty
    assert empty.tenants[0].links == []


def test_names_alone_and_objects_with_keys_are_sections() -> None:
    seed = parse(f"{HEAD}  sections: [Every day, {{key: pay, name: People and pay}}]\n").seed

    assert seed.tenants[0].sections == ["Every day", Named(key="pay", name="People and pay")]


def test_aliases_repeat_values() -> None:
    seed = parse(
        f"{HEAD}  links:\n"
        "  - {name: One, link: one.example.com, portals: &all [staff, crews]}\n"
        "  - {name: Two, link: two.example.com, portals: *all}\n"
    ).seed

    assert seed.tenants[0].links == [
        LinkEntry(name="One", link="one.example.com", portals=["staff", "crews"]),
        LinkEntry(name="Two", link="two.example.com", portals=["staff", "crews"]),
    ]


def test_secrets_come_from_environment_and_files(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("from a file\n")
    text = (
        f"{HEAD}  clients:\n"
        "  - {name: One, secret: {env: CI_SECRET}}\n"
        "  - {name: Two, secret: {file: secret.txt}}\n"
    )

    seed = parse(text, plain_secrets=False, folder=tmp_path).seed

    assert seed.tenants[0].clients == [
        ClientEntry(name="One", secret="from the environment"),
        ClientEntry(name="Two", secret="from a file"),
    ]


def test_pictures_in_files_become_data_uris(tmp_path: Path) -> None:
    (tmp_path / "wiki.png").write_bytes(b"\x89PNG")
    text = f"{HEAD}  links: [{{name: A, link: a.example.com, iconText: {{file: wiki.png}}}}]\n"

    seed = parse(text, folder=tmp_path).seed

    assert seed.tenants[0].links == [
        LinkEntry(name="A", link="a.example.com", icon_text="data:image/png;base64,iVBORw==")
    ]


def test_text_of_a_file_keeps_its_lines(tmp_path: Path) -> None:
    (tmp_path / "policy.txt").write_text("First.\nSecond.\n")

    seed = parse(f"{HEAD}  policies: [{{aup: {{file: policy.txt}}}}]\n", folder=tmp_path).seed

    assert isinstance(policies := seed.tenants[0].policies, list)
    assert policies[0].aup == "First.\nSecond.\n"


def test_plain_secret_is_refused_where_files_are_shared() -> None:
    text = f"{HEAD}  clients:\n  - name: CI\n    secret: plain\n"

    assert parse(text).seed.tenants[0].clients == [ClientEntry(name="CI", secret="plain")]
    sentence = refusal(text, plain_secrets=False)
    assert sentence.startswith("seed.yaml line 6, tenants[0].clients[0].secret: A secret cannot be")
    assert "{env: NAME}" in sentence


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            f"{HEAD}  links:\n  - name: A\n    lnik: a.example.com\n",
            "seed.yaml line 6, tenants[0].links[0].lnik: There is no field lnik here. "
            "Did you mean link?",
        ),
        (
            f"{HEAD}  links:\n  - name: A\n",
            "seed.yaml line 5, tenants[0].links[0]: The field link is missing. Add it.",
        ),
        (
            f"{HEAD}  links:\n  - name: 2024\n    link: a.example.com\n",
            "seed.yaml line 5, tenants[0].links[0].name: It must be text, and this is read as "
            "a number. Put it in quotes.",
        ),
        (
            f"{HEAD}  portals:\n  - name: A\n    enabled: maybe\n",
            "seed.yaml line 6, tenants[0].portals[0].enabled: It must be true or false, and this "
            "is text.",
        ),
        (
            f"{HEAD}  links:\n",
            "seed.yaml line 4, tenants[0].links: It is empty. Write a list, or leave the key out.",
        ),
        (
            f"{HEAD}  clients:\n  - name: CI\n    role: owner\n",
            "seed.yaml line 6, tenants[0].clients[0].role: It must be one of: admin, viewer.",
        ),
        (
            f"{HEAD}  clients:\n  - name: CI\n    secret: {{env: NOT_SET}}\n",
            "seed.yaml line 6, tenants[0].clients[0].secret: The environment variable NOT_SET is "
            "not set. Set it.",
        ),
        (
            f"{HEAD}  clients:\n  - name: CI\n    secret: {{file: secret.txt}}\n",
            "seed.yaml line 6, tenants[0].clients[0].secret: This seed cannot name files. Write "
            "the text itself.",
        ),
        (
            f"{HEAD}  clients:\n  - name: CI\n    secret: {{env: [a]}}\n",
            "seed.yaml line 6, tenants[0].clients[0].secret: Text must follow env, as in "
            "{env: NAME}.",
        ),
        (
            "set: test\ncloudLetter: B2\ntenants: []\n",
            "seed.yaml line 2, cloudLetter: It must be one lower-case letter.",
        ),
        (
            f"{HEAD}  name: Other\n",
            "seed.yaml line 4: The key name is here twice, first on line 3. Remove one.",
        ),
        ("", "seed.yaml: It is empty. A seed has at least `set` and `tenants`."),
        ("# nothing\n", "seed.yaml: It is empty. A seed has at least `set` and `tenants`."),
        ("[]", "seed.yaml line 1: It must be an object with fields, and this is a list."),
        ("set: [a\n", "seed.yaml line 2: It is not YAML: "),
        (
            "set: a\n---\nset: b\n",
            "seed.yaml line 2: A second document begins here. A seed has only one.",
        ),
        (
            "set: !!python/name:os.system x\n",
            "seed.yaml line 1: The tag tag:yaml.org,2002:python/name:os.system is not allowed. "
            "Remove it.",
        ),
        ("set: &a [*a]\n", "seed.yaml line 1: There is no anchor &a before this alias."),
        ("[" * 100_000, "seed.yaml line 1: It has more than 40 levels."),
    ],
)
def test_error_in_yaml_names_line_and_path(text: str, sentence: str) -> None:
    assert refusal(text).startswith(sentence)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            '{"set": "a",\n"tenants": [{"name": "\\ud83d\\ude00",\n"links": [\n{"name": 3}]}]}',
            "seed.json line 4, tenants[0].links[0].name: It must be text, and this is read as "
            "a number. Put it in quotes.",
        ),
        (
            '{"set": "a",\n "tenants": [],\n "set": "b"}',
            "seed.json line 3: It is not JSON. The key set is here twice, first on line 1. Remove "
            "one.",
        ),
        ('{"set": "a",\n}', "seed.json line 2: It is not JSON. A key in double quotes is missing"),
        ('{"tenants": [1,\n]}', "seed.json line 2: It is not JSON. A value is missing here."),
        ('{"set" "a"}', 'seed.json line 1: It is not JSON. ":" is missing here.'),
        ('{"set": "a"\n', 'seed.json line 2: It is not JSON. "," or "}" is missing here.'),
        ('{"set": "a}', "seed.json line 1: It is not JSON. Unterminated string starting."),
        ('{"set": "a\n', "seed.json line 1: It is not JSON. Invalid control character."),
        ('{"set": "a"} x', "seed.json line 1: It is not JSON. It continues after its end"),
        ("[" * 100_000, "seed.json line 1: It is not JSON. It has more than 40 levels."),
        ("", "seed.json line 1: It is not JSON. A value is missing here."),
    ],
)
def test_error_in_json_names_line_and_path(text: str, sentence: str) -> None:
    assert refusal(text, name="seed.json").startswith(sentence)


def test_aliases_cannot_make_a_small_file_huge() -> None:
    letters = "abcdefghi"
    rows = "".join(
        f"{after}: &{after} [{', '.join([f'*{before}'] * 9)}]\n"
        for before, after in pairwise(letters)
    )

    sentence = refusal(f"a: &a [{', '.join('x' * 9)}]\n{rows}")

    assert sentence == "seed.yaml line 6: It has more than 500000 values. Split it."


def test_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    missing, huge, binary = tmp_path / "no.yaml", tmp_path / "huge.yaml", tmp_path / "b.yaml"
    with huge.open("wb") as file:
        file.truncate(SIZE_LIMIT_BYTES + 1)
    binary.write_bytes(b"\xff\xfe\x00")

    for path, why in (
        (missing, "It cannot be read: No such file or directory."),
        (huge, "It is larger than 32 MiB."),
        (binary, "It is not text in UTF-8."),
    ):
        with pytest.raises(SeedError) as refused:
            read_seed(path, plain_secrets=True)
        assert refused.value.reason == f"{path}: {why}"


def test_file_of_a_secret_that_is_missing_is_named(tmp_path: Path) -> None:
    path = tmp_path / "seed.yaml"
    path.write_text(f"{HEAD}  clients: [{{name: CI, secret: {{file: none.txt}}}}]\n")

    with pytest.raises(SeedError) as refused:
        read_seed(path, plain_secrets=True)

    assert refused.value.reason == (
        f"{path} line 4, tenants[0].clients[0].secret: The file {tmp_path / 'none.txt'} cannot be "
        "read: No such file or directory."
    )


def test_portal_suffix_is_the_cloud_letter() -> None:
    assert parse("set: a\ncloudLetter: b\ntenants: []\n").seed.portal_suffix == (
        "b.zscalerportal.net"
    )
    assert Seed(set="a", tenants=[]).portal_suffix is None
