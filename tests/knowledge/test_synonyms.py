"""Synonyms of a bureau's own: checked as a whole, written whole, and noticed by every process without a restart."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from core.datafile import BadDataFile
from knowledge.base import DATA
from knowledge.synonyms import LanguageFiles, OwnSynonyms, SynonymGroup, SynonymsChanged, read_terms

BUILT_IN = "groups:\n  - canonical: 主营业务收入\n    spoken: [营业额]\n"
GROUP = SynonymGroup(("示例补助",), ("扶持款", "示例红包"))


@pytest.fixture
def own(tmp_path: Path) -> Path:
    return tmp_path / "var" / "synonyms.yaml"


@pytest.fixture
def built_in(tmp_path: Path) -> Path:
    path = tmp_path / "built-in.yaml"
    path.write_text(BUILT_IN, "utf-8")
    return path


def test_groups_are_added_changed_and_removed(own: Path, built_in: Path) -> None:
    synonyms = OwnSynonyms(own, built_in)
    version, groups = synonyms.groups()
    assert groups == ()
    synonyms.add(GROUP, version=version)
    version, groups = synonyms.groups()
    assert groups == (GROUP,)
    changed = SynonymGroup(("示例补助", "示例奖补"), ("扶持款",))
    synonyms.replace(0, changed, version=version)
    version, groups = synonyms.groups()
    assert groups == (changed,)
    synonyms.remove(0, version=version)
    assert synonyms.groups()[1] == ()
    assert synonyms.built_in() == (SynonymGroup(("主营业务收入",), ("营业额",)),)


def test_the_second_editor_is_refused_and_nothing_of_the_first_is_lost(own: Path, built_in: Path) -> None:
    synonyms = OwnSynonyms(own, built_in)
    seen, _ = synonyms.groups()
    synonyms.add(GROUP, version=seen)
    for change in (
        lambda: synonyms.add(SynonymGroup(("甲乙",), ("丙丁",)), version=seen),
        lambda: synonyms.replace(0, GROUP, version=seen),
        lambda: synonyms.remove(0, version=seen),
    ):
        with pytest.raises(SynonymsChanged):
            change()
    assert synonyms.groups()[1] == (GROUP,)


@pytest.mark.parametrize(
    ("group", "why"),
    [
        (SynonymGroup((), ("扶持款二",)), "文件里的说法"),
        (SynonymGroup(("示例奖补",), ()), "口语说法"),
        (SynonymGroup(("示例奖补",), ("奖",)), "至少两个字"),
        (SynonymGroup(("示例奖补",), ("长" * 41,)), "40"),
        (SynonymGroup(("示例奖补",), ("扶持款",)), "示例补助"),
        (SynonymGroup(("示例奖补",), ("示例獎補",)), "就是文件里的说法"),
    ],
)
def test_a_group_of_no_use_is_refused_and_the_file_stays(
    own: Path, built_in: Path, group: SynonymGroup, why: str
) -> None:
    synonyms = OwnSynonyms(own, built_in)
    synonyms.add(GROUP, version=synonyms.groups()[0])
    before = own.read_bytes()
    with pytest.raises(Exception, match=why):
        synonyms.add(group, version=synonyms.groups()[0])
    assert own.read_bytes() == before
    assert [path.name for path in own.parent.iterdir()] == [own.name]


def test_a_place_that_is_not_there_is_refused(own: Path, built_in: Path) -> None:
    synonyms = OwnSynonyms(own, built_in)
    with pytest.raises(Exception, match="没有这一组"):
        synonyms.remove(0, version=synonyms.groups()[0])


def test_what_else_a_hand_written_file_holds_is_kept(own: Path, built_in: Path) -> None:
    own.parent.mkdir()
    own.write_text("typos:\n  - {wrong: 补住, right: 补助}\n", "utf-8")
    synonyms = OwnSynonyms(own, built_in)
    synonyms.add(GROUP, version=synonyms.groups()[0])
    language = LanguageFiles(built_in, own).current()
    assert language.correct("有补住吗") == "有补助吗"
    assert language.expand("扶持款多少") == ("示例补助",)


def test_a_change_by_any_process_is_noticed_without_a_restart(own: Path, built_in: Path) -> None:
    files = LanguageFiles(built_in, own)
    assert files.current().expand("扶持款多少") == ()
    assert files.current().expand("营业额多少") == ("主营业务收入",)
    OwnSynonyms(own, built_in).add(GROUP, version=OwnSynonyms(own, built_in).groups()[0])
    assert files.current().expand("扶持款多少") == ("示例补助",)
    assert files.current() is files.current()
    own.unlink()
    assert files.current().expand("扶持款多少") == ()


def test_a_broken_file_leaves_the_language_as_it_was_until_it_is_mended(own: Path, built_in: Path) -> None:
    synonyms = OwnSynonyms(own, built_in)
    synonyms.add(GROUP, version=synonyms.groups()[0])
    files = LanguageFiles(built_in, own)
    good = files.current()
    own.write_text("groups: [", "utf-8")
    assert files.current() is good
    with pytest.raises(BadDataFile):
        synonyms.groups()
    own.write_text(BUILT_IN.replace("营业额", "卖货钱"), "utf-8")
    os.utime(own, ns=(1, 1))
    assert files.current().expand("卖货钱多少") == ("主营业务收入",)
    with pytest.raises(BadDataFile):
        own.write_text("groups: [", "utf-8")
        LanguageFiles(own).current()


def test_an_own_group_counts_more_than_a_built_in_one_of_the_same_word(own: Path, built_in: Path) -> None:
    synonyms = OwnSynonyms(own, built_in)
    synonyms.add(SynonymGroup(("营业收入",), ("营业额",)), version=synonyms.groups()[0])
    assert LanguageFiles(built_in, own).current().expand("营业额多少") == ("营业收入",)


def test_the_built_in_groups_of_the_product_can_be_shown() -> None:
    shown = OwnSynonyms(Path("nothing-here.yaml"), DATA / "synonyms.yaml").built_in()
    assert len(shown) > 10
    assert all(group.canonical and group.spoken for group in shown)


def test_a_typed_list_is_read_whatever_separates_it() -> None:
    assert read_terms(" 甲乙、丙丁，戊己;庚辛\n甲乙 , ") == ("甲乙", "丙丁", "戊己", "庚辛")
    assert read_terms(" ") == ()
