"""Keys: made once, the secret half for its owner's eyes, enrolled under one name."""

from __future__ import annotations

from pathlib import Path

import pytest

from flightsw.errors import ConfigError
from hil.keys import bench_keys, enroll, make_key, public_of, read_key, read_secret
from tests.console import Cli


def test_a_key_pair_is_made_bound_to_its_name_and_its_secret_is_the_owner_s_alone(tmp_path: Path) -> None:
    public = make_key(tmp_path, "inference")
    secret = tmp_path / "inference.secret"
    assert secret.stat().st_mode & 0o777 == 0o600
    assert public_of(read_secret(secret)) == read_key(public)
    with pytest.raises(ConfigError, match="there is a key already"):
        make_key(tmp_path, "inference")


def test_a_secret_that_others_may_read_is_refused(tmp_path: Path) -> None:
    make_key(tmp_path, "bench")
    (tmp_path / "bench.secret").chmod(0o644)
    with pytest.raises(ConfigError, match=r"mode 0644\): must be 0600"):
        read_secret(tmp_path / "bench.secret")


def test_enrolment_binds_a_key_to_a_name_and_a_new_one_takes_its_place(tmp_path: Path) -> None:
    make_key(tmp_path, "bench")
    first, second = make_key(tmp_path / "a", "inference"), make_key(tmp_path / "b", "inference")
    with pytest.raises(ConfigError, match="nobody is enrolled"):
        bench_keys(tmp_path)
    enroll(tmp_path, "inference", first)
    assert bench_keys(tmp_path).names == {read_key(first): "inference"}
    enroll(tmp_path, "inference", second)
    assert bench_keys(tmp_path).names == {read_key(second): "inference"}


def test_a_folder_that_is_not_there_yet_is_made_and_one_that_cannot_be_is_bad_input(tmp_path: Path) -> None:
    public = make_key(tmp_path, "inference")
    enroll(tmp_path / "new" / "keys", "inference", public)
    assert (tmp_path / "new" / "keys" / "enrolled.toml").exists()
    with pytest.raises(ConfigError, match="nobody can be enrolled there"):
        enroll(public / "keys", "inference", public)


def test_a_secret_key_is_not_enrolled_whatever_it_is_called(tmp_path: Path) -> None:
    make_key(tmp_path, "inference")
    secret = tmp_path / "inference.secret"
    with pytest.raises(ConfigError, match=r"that is a secret key: must be inference\.public"):
        enroll(tmp_path, "inference", secret)
    secret.rename(tmp_path / "inference.key")
    with pytest.raises(ConfigError, match=r"that is a secret key: must be inference\.public"):
        enroll(tmp_path, "inference", tmp_path / "inference.key")
    assert not (tmp_path / "enrolled.toml").exists()


@pytest.mark.parametrize("text", ["", "short", "x" * 41, "\0" * 40, "agents = 3"])
def test_what_is_no_key_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "it").write_text(text)
    with pytest.raises(ConfigError, match="not a key: must be 40 characters"):
        enroll(tmp_path, "inference", tmp_path / "it")


@pytest.mark.parametrize("text", ["agents = 3", "[agents]\nplant = 'x'", "[agents]\ninference = 'short'"])
def test_a_broken_list_lets_nobody_in(tmp_path: Path, text: str) -> None:
    make_key(tmp_path, "bench")
    (tmp_path / "enrolled.toml").write_text(text)
    with pytest.raises(ConfigError, match=r"enrolled.toml: agents = "):
        bench_keys(tmp_path)


def test_the_commands_do_it_in_one_line_each(cli: Cli) -> None:
    assert cli("hil", "keygen", "bench").code == 0
    made = cli("hil", "keygen", "inference", "--keys", "board")
    assert made.code == 0
    assert "stays here" in made.out
    done = cli("hil", "enroll", "inference", "board/inference.public")
    assert (done.code, done.out) == (0, "inference is enrolled in hil-keys/enrolled.toml\n")


def test_only_the_processes_that_run_on_boards_can_have_keys(cli: Cli) -> None:
    refused = cli("hil", "keygen", "plant")
    assert refused.code == 2
    assert "name = 'plant': must be bench or inference" in refused.err
