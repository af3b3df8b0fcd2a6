"""What the chat does for firms and partners, on the real services: linking, matches, introductions, events, consents
and the inbox. Every message is answered twice from one state (see `town.Chat`): the same words, one effect."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import func, select

from announcements.models import RegistrationRow
from conversation import partner_wording as wording
from conversation import wording as dialogue_wording
from conversation.dialogue import Dialogue, State
from conversation.messages import IncomingMessage
from core.database import Database
from firms import claims, consents
from firms.actors import OPERATOR, Actor
from firms.models import ConsentRow
from knowledge.intake import Intake
from knowledge.open_questions import OpenQuestions
from matching.introductions import set_visible
from matching.models import IntroductionRow
from messaging import addresses
from messaging.channel import Sent
from messaging.inbox import firm_inbox
from messaging.messages import OutMessage, encode_choice
from messaging.outbox import Delivery, OutboxWorker
from tests.conversation.parts import self_check
from tests.conversation.town import (
    CASTINGS,
    COATING,
    COLLEGE,
    COLLEGE_PERSON,
    COLLEGE_PHONE,
    DESK,
    EVENT,
    FIRM_PERSON,
    FIRM_PHONE,
    LOAN,
    Advice,
    Chat,
    Town,
    handle,
    open_town,
)
from tests.matching.market import facts, firm, offer

SECRETS = (FIRM_PERSON, FIRM_PHONE, COLLEGE_PERSON, COLLEGE_PHONE)


@pytest.fixture
async def town(database: Database, tmp_path: Path) -> AsyncIterator[Town]:
    async with open_town(database, tmp_path) as opened:
        yield opened


async def introductions(town: Town) -> list[tuple[str, str]]:
    async with town.database.reading() as session:
        chosen = select(IntroductionRow.state, IntroductionRow.asked_by).order_by(IntroductionRow.id)
        return [(state, side) for state, side in await session.execute(chosen)]


async def granted(town: Town, firm_id: str) -> set[str]:
    async with town.database.reading() as session:
        return {kind for kind, said in (await consents.current(session, firm_id)).items() if said.granted}


# --- linking ---


async def test_a_code_links_the_chat_and_stands_in_no_transcript(town: Town) -> None:
    firm = await town.firm()
    code = await town.code(firm)
    chat = Chat(town)
    assert firm.name in await chat.say(f"我的认领码是 {code.lower()}")
    assert chat.step is not None
    assert chat.step.said == wording.CODE_HIDDEN
    assert {"找合作", "我的进展", "授权与订阅"} <= set(chat.labels)
    async with town.database.reading() as session:
        assert (await claims.person(session, "web", "s1")).firms == (firm.id,)
    other = Chat(town, address="s2")
    for text in (f"/link {code}", "认领码 KX7P3-M9QW2", "绑定 12345", "KX7P3-M9QW2"):
        assert await other.say(text) == claims.BadClaimCode.default, "a used code and a wrong one are told apart"
        assert other.step is not None
        assert other.step.said == wording.CODE_HIDDEN


async def test_what_is_stored_of_a_linking_holds_no_code(town: Town) -> None:
    firm = await town.firm()
    code = await town.code(firm)
    chat = Chat(town)
    await handle(town, chat, text=f"绑定 {code}")
    command = IncomingMessage("web", "s1", "77", "command", "link", argument=code)
    await town.conversations.handle(command)
    turns = await town.conversations.transcript("web", "s1")
    assert [turn.text for turn in turns] == [wording.CODE_HIDDEN, wording.CODE_HIDDEN]
    assert code not in str(turns)
    assert code[:5] not in str(turns)


async def test_a_link_with_the_code_in_it_links_too_and_a_fault_does_not_keep_it(town: Town) -> None:
    firm = await town.firm()
    code = await town.code(firm)
    chat = Chat(town, "telegram", "42")
    assert firm.name in await chat.command("start", code)
    assert chat.step is not None
    assert chat.step.said == wording.CODE_HIDDEN
    town.dialogue._partners = None
    town.dialogue._check = None  # type: ignore[assignment]
    town.dialogue._advice = None  # type: ignore[assignment]
    await handle(town, Chat(town, address="s7"), text=f"绑定 {code}")
    (turn,) = await town.conversations.transcript("web", "s7")
    assert turn.text == wording.CODE_HIDDEN


async def test_in_a_group_nothing_about_a_firm_is_done(town: Town) -> None:
    firm, offers = await town.firm(), await town.add(COATING, EVENT)
    code = await town.code(firm)
    group = Chat(town, "telegram", "-1001")
    assert await group.command("link", code) == wording.CODE_IN_GROUP.format(desk=DESK)
    assert group.step is not None
    assert group.step.said == wording.CODE_HIDDEN
    for name in ("link", "unlink", "mine", "inbox", "consent"):
        assert await group.command(name) == wording.IN_PRIVATE
    refs = [("want", str(offers[0].number)), ("event-join", str(offers[1].number)), ("intro-show", "i-1")]
    for action, ref in [*refs, ("consent-on", "visible")]:
        assert await group.send(encode_choice(action, ref)) == wording.IN_PRIVATE
    async with town.database.reading() as session:
        assert (await claims.person(session, "telegram", "-1001")).firms == ()
    assert firm.name in await Chat(town, "telegram", "42").command("link", code)


async def test_a_web_session_that_begins_with_a_dash_is_no_group(town: Town) -> None:
    firm = await town.firm()
    assert firm.name in await Chat(town, "web", "-abc").say(f"绑定 {await town.code(firm)}")


async def test_unlinking_asks_which_and_ends_it(town: Town) -> None:
    firm = await town.firm()
    chat = await town.person(firm)
    await chat.say(f"绑定 {await town.code(COLLEGE)}")
    await chat.say("解除绑定")
    assert {f"解除：{firm.name}", f"解除：{COLLEGE}", "不解除"} <= set(chat.labels)
    to_college = chat.choice(f"解除：{COLLEGE}").id
    assert await chat.press(f"解除：{firm.name}") == wording.UNLINKED
    assert await chat.send(to_college) == wording.UNLINKED
    async with town.database.reading() as session:
        person = await claims.person(session, "web", "s1")
    assert (person.firms, person.providers) == ((), ())
    assert await chat.say("解绑") == wording.UNLINK_NONE


async def test_of_several_firms_the_newest_acts_unless_another_is_chosen(town: Town) -> None:
    first, second = await town.firm("示例甲有限公司"), await town.firm("示例乙有限公司")
    chat = await town.person(first)
    await chat.say(f"绑定 {await town.code(second)}")
    assert second.name in await chat.say("我的进展")
    await chat.press("换成：示例甲")
    assert first.name in await chat.say("我的进展")
    stranger = Chat(town, address="s9")
    await stranger.send(encode_choice("as", first.id))
    assert stranger.said == wording.NOT_YOURS


# --- finding ---


async def test_a_linked_firm_gets_matches_with_reasons_and_a_button_each(town: Town) -> None:
    firm, (coating, _) = await town.firm(), await town.add(COATING, LOAN)
    chat = await town.person(firm)
    said = await chat.say("找高校")
    assert firm.name in said
    assert coating.title in said
    assert COLLEGE in said
    assert "涂层" in said
    assert chat.choice("有意向：刀具").id == f"want:{coating.number}:1"
    assert chat.step is not None
    assert len(chat.labels) <= 8
    assert LOAN.title in await chat.say("有没有适合我的贷款")


async def test_a_search_can_still_be_asked_as_a_question(town: Town) -> None:
    await town.add(COATING)
    chat = await town.person(await town.firm())
    await chat.say("找高校")
    await chat.press(wording.BUTTON_POLICY)
    assert town.advice.asked[-1] == "找高校"


async def test_a_policy_question_stays_one_and_offers_the_search(town: Town) -> None:
    chat = Chat(town)
    assert await chat.say("融资有什么支持政策") == "答:融资有什么支持政策"
    await chat.press("帮我找融资")
    assert "您想解决什么问题" in chat.said


async def test_who_is_not_linked_is_asked_what_he_needs_and_then_gets_matches(town: Town) -> None:
    await town.add(COATING, LOAN)
    chat = Chat(town)
    assert "您想解决什么问题" in await chat.say("找高校")
    assert chat.state.flow == "needing"
    said = await chat.say("铣刀涂层寿命短，想做物理气相沉积")
    assert COATING.title in said
    assert LOAN.title not in said
    assert chat.state.flow == "idle"
    await chat.press("有意向")
    assert DESK in chat.said
    assert "认领码" in chat.said
    assert await introductions(town) == []


async def test_a_button_pressed_before_linking_works_after_it(town: Town) -> None:
    firm, _ = await town.firm(), await town.add(COATING)
    chat = Chat(town)
    await chat.say("想找做碳化钨涂层的团队，预算30万")
    want = chat.choice("有意向").id
    await chat.send(want)
    await chat.say(await town.code(firm))
    assert COLLEGE in await chat.send(want)
    assert firm.name in chat.said


async def test_a_question_where_a_need_was_asked_for_is_answered(town: Town) -> None:
    chat = Chat(town)
    await chat.say("找高校")
    assert await chat.say("负债率有要求吗") == "答:负债率有要求吗"
    await chat.say("找高校")
    await chat.say("取消")
    assert chat.state.flow == "idle"


async def test_match_without_a_kind_asks_which_and_takes_a_name_or_a_need(town: Town) -> None:
    await town.add(COATING, LOAN, EVENT, CASTINGS)
    chat = Chat(town)
    await chat.command("match")
    assert chat.labels[:5] == ["高校团队", "融资产品", "服务机构", "活动", "配套合作"]
    await chat.press("活动")
    assert EVENT.title in chat.said
    assert "2026年12月5日 14:30" in chat.said
    assert "示例会议中心" in chat.said
    assert COATING.title in await chat.command("match", "做碳化钨涂层的团队")
    assert "您想解决什么问题" in await chat.command("match", "融资")
    assert CASTINGS.title in await chat.say("/match 球墨铸铁阀体加工")


async def test_where_nothing_is_found_it_is_said_what_can_be_done(town: Town) -> None:
    chat = await town.person(await town.firm())
    said = await chat.say("找高校")
    assert DESK in said
    assert chat.labels
    assert await chat.say("有什么活动")


async def test_what_only_just_does_not_fit_is_shown_with_what_is_missing(town: Town) -> None:
    firm = await town.firm()
    await town.add(LOAN, COATING)
    async with town.database.transaction() as session:
        await town.offers.update(session, 1, version=1, rule="资产负债率 <= 40")
    chat = await town.person(firm)
    said = await chat.say("有没有适合我的贷款")
    assert wording.NEAR_TITLE in said
    assert "资产负债率" in said
    assert "有意向" not in "".join(chat.labels)


async def test_facts_of_the_self_check_count_in_matching(town: Town) -> None:
    await town.add(LOAN)
    bare = await town.market.add_firm(firm("示例丙有限公司"))
    chat = await town.person(bare)
    assert "资产负债率" in await chat.say("有没有适合我的贷款"), "what is not known has to be asked"
    await chat.say("自评", "机械加工")
    assert chat.state.check is not None
    check = replace(chat.state.check, facts=facts({"debt_ratio": 48}))
    chat.state = replace(chat.state, check=check, flow="idle")
    assert "需核对" not in await chat.say("有没有适合我的贷款")


async def test_hostile_texts_are_only_texts(town: Town) -> None:
    chat = await town.person(await town.firm('示例<img src=x onerror="alert(1)">有限公司'))
    long = ("想找做" + "涂" * 380 + "的团队", "/match " + "啊" * 900, "/link " + "A" * 500)
    for text in ("找<script>alert(1)</script>高校", *long):
        assert await chat.say(text)
    wanted = ("want:abc:1", "want:99999999999999999999:1", "want-yes:1:1", "intro-yes:%27:1", "event-join:-1:0")
    for choice in (*wanted, "as:f:0", "unlink:x:0", "consent-on:..:0", "unsub:x:0", "match:x:0", "event-take:r-1:0"):
        assert await chat.send(choice)
    assert await introductions(town) == []


# --- introductions ---


async def wanting(town: Town, *, channel: str = "web", address: str = "s1") -> Chat:
    """Somebody who showed interest and is asked whether he agrees."""
    (coating,) = await town.add(COATING)
    chat = await town.person(await town.firm(), channel=channel, address=address)
    await chat.say("找高校")
    await chat.press("有意向")
    assert coating.title in chat.said
    return chat


async def test_nothing_is_sent_before_recipient_and_purpose_were_agreed_to(town: Town) -> None:
    chat = await wanting(town)
    assert COLLEGE in chat.said
    assert "示例甲精密刀具有限公司" in chat.said
    assert "联系人" in chat.said
    assert await introductions(town) == []
    agree = chat.choice("同意").id
    assert await chat.press("不发送") == wording.WANT_NOT_SENT
    assert await introductions(town) == []
    said = await chat.send(agree)
    assert "2026年12月8日" in said
    assert "看不到联系方式" in said
    assert await introductions(town) == [("asked", "firm")]
    await chat.send(agree)
    assert await introductions(town) == [("asked", "firm")]


async def test_an_offer_that_changed_is_shown_again_before_it_is_asked(town: Town) -> None:
    chat = await wanting(town)
    agree = chat.choice("同意").id
    async with town.database.transaction() as session:
        await town.offers.update(session, 1, version=1, title="刀具涂层与检测团队")
    assert "刀具涂层与检测团队" in await chat.send(agree)
    assert await introductions(town) == []
    await chat.press("同意")
    assert await introductions(town) == [("asked", "firm")]


async def test_consent_for_one_firm_never_acts_for_another(town: Town) -> None:
    chat = await wanting(town)
    agree = chat.choice("同意").id
    stranger = await town.person(await town.firm("示例乙有限公司"), address="s2")
    assert await stranger.send(agree) == wording.NOT_YOURS
    assert await introductions(town) == []


async def test_a_withdrawn_offer_is_told_before_any_consent(town: Town) -> None:
    chat = await wanting(town)
    want = encode_choice("want", "1", 1)
    async with town.database.transaction() as session:
        await town.offers.update(session, 1, version=1, state="withdrawn")
    assert await chat.send(want) == wording.OFFER_GONE


async def test_both_sides_meet_in_the_chat_and_no_contact_is_kept(town: Town) -> None:
    chat = await wanting(town)
    await chat.press("同意")
    college = await town.person(COLLEGE, address="s2")
    await town.deliver()
    await college.say("收件箱")
    assert COATING.title in college.said
    await college.press("同意")
    assert "可以互相联系" in college.said
    assert FIRM_PHONE in college.said
    assert not any(secret in college.kept for secret in SECRETS)
    assert await introductions(town) == [("accepted", "firm")]
    assert (await town.offers.by_number(1)).taken == 1
    await chat.say("我的进展")
    assert not any(secret in chat.said for secret in SECRETS)
    assert COLLEGE_PHONE in await chat.press("查看联系方式")
    assert not any(secret in chat.kept for secret in SECRETS)
    assert dialogue_wording.NOT_KEPT in chat.kept
    assert "查看联系方式" in chat.kept


async def test_the_engine_gives_contacts_once_and_stores_none(town: Town) -> None:
    chat = await wanting(town)
    await chat.press("同意")
    (seen,) = await town.introductions.list(Actor("provider", COLLEGE))
    await town.introductions.accept(Actor("provider", COLLEGE), seen.id)
    show = encode_choice("intro-show", seen.id, seen.version)
    message = IncomingMessage("web", "s1", "900", "choice", choice=show)
    first = await town.conversations.handle(message)
    assert COLLEGE_PHONE in str(first.replies)
    again = await town.conversations.handle(message)
    assert COLLEGE_PHONE not in str(again.replies)
    assert dialogue_wording.NOT_KEPT in str(again.replies)
    transcript = str(await town.conversations.transcript("web", "s1"))
    assert not any(secret in transcript for secret in SECRETS)


async def test_contacts_reach_telegram_through_the_outbox(town: Town) -> None:
    chat = await wanting(town, channel="telegram", address="42")
    await chat.press("同意")
    (seen,) = await town.introductions.list(Actor("provider", COLLEGE))
    await town.introductions.accept(Actor("provider", COLLEGE), seen.id)
    show = encode_choice("intro-show", seen.id, seen.version)
    await town.conversations.handle(IncomingMessage("telegram", "42", "901", "choice", choice=show))
    transcript = str(await town.conversations.transcript("telegram", "42"))
    assert not any(secret in transcript for secret in SECRETS)
    channel = Channel()
    worker = OutboxWorker(town.database, {"telegram": channel})
    assert await town.conversations.forget_private() == 0, "not before it was sent"
    await worker.run_until_idle()
    assert COLLEGE_PHONE in str(channel.sent)
    assert await town.conversations.forget_private() == 1
    assert await town.conversations.forget_private() == 0
    async with town.database.reading() as session:
        rows = str([row.message for row in await session.scalars(select(Delivery))])
    assert not any(secret in rows for secret in SECRETS)


class Channel:
    """Takes everything."""

    name = "telegram"

    def __init__(self) -> None:
        self.sent: list[OutMessage] = []

    async def send(self, address: str, message: OutMessage) -> Sent:
        self.sent.append(message)
        return Sent("1")


async def test_a_hidden_firms_contacts_are_gone_at_once(town: Town) -> None:
    chat = await wanting(town)
    await chat.press("同意")
    college = await town.person(COLLEGE, address="s2")
    (seen,) = await town.introductions.list(Actor("provider", COLLEGE))
    await town.introductions.accept(Actor("provider", COLLEGE), seen.id)
    show = encode_choice("intro-show", seen.id, seen.version)
    assert FIRM_PHONE in await college.send(show)
    await chat.send(encode_choice("consent-on", "visible"))
    await chat.send(encode_choice("consent-off", "visible"))
    assert FIRM_PHONE not in await college.send(show)


async def test_declining_and_withdrawing(town: Town) -> None:
    chat = await wanting(town)
    await chat.press("同意")
    college = await town.person(COLLEGE, address="s2")
    (seen,) = await town.introductions.list(Actor("provider", COLLEGE))
    assert COATING.title in await college.send(encode_choice("intro-no", seen.id, seen.version))
    assert await introductions(town) == [("declined", "firm")]
    assert "婉拒" in await chat.say("我的进展")
    await chat.send(encode_choice("want", "1", 1))
    assert "2027年" in await chat.press("同意"), "a declined pair rests"
    stranger = await town.person(await town.firm("示例乙有限公司"), address="s3")
    for action in ("intro-yes", "intro-no", "intro-off", "intro-show"):
        assert await stranger.send(encode_choice(action, seen.id, seen.version)) == wording.NO_INTRODUCTION


async def test_an_own_interest_is_withdrawn(town: Town) -> None:
    chat = await wanting(town)
    await chat.press("同意")
    await chat.press("撤回")
    assert await introductions(town) == [("withdrawn", "firm")]


async def test_a_providers_list_names_no_firm(town: Town) -> None:
    chat = await wanting(town)
    await chat.press("同意")
    college = await town.person(COLLEGE, address="s2")
    said = await college.say("我的进展")
    assert COATING.title in said
    assert "示例甲" not in said
    assert "示例甲" in await college.press("查看并答复")
    assert "示例甲" not in college.kept


# --- events ---


async def test_registering_waiting_leaving_and_taking_a_place(town: Town) -> None:
    (event,) = await town.add(EVENT)
    first = await town.person(await town.firm("示例甲有限公司"), address="s1")
    second = await town.person(await town.firm("示例乙有限公司"), address="s2")
    await first.say("有什么活动")
    join = first.choice("报名").id
    said = await first.send(join)
    assert "报名成功" in said
    assert "2026年12月5日 14:30" in said
    assert "示例会议中心" in said
    assert "第 1 位" in await second.send(join)
    assert (await town.offers.by_number(event.number)).taken == 1
    await first.send(join)
    async with town.database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(RegistrationRow)) == 2
    await first.say("我的进展")
    assert event.title in first.said
    await first.press("取消报名")
    await town.deliver()
    await second.say("收件箱")
    assert "保留" in second.said
    assert "报名成功" in await second.press("确认参加")
    assert (await town.offers.by_number(event.number)).taken == 1


async def test_registering_needs_a_firm(town: Town) -> None:
    (event,) = await town.add(EVENT)
    chat = Chat(town)
    assert DESK in await chat.send(encode_choice("event-join", str(event.number)))
    mine = await town.person(await town.firm())
    await mine.send(encode_choice("event-join", str(event.number)))
    (registration,) = await town.registrations.mine((await town.firms.by_name("示例甲精密刀具有限公司"))[0].id)
    stranger = await town.person(await town.firm("示例乙有限公司"), address="s2")
    assert await stranger.send(encode_choice("event-leave", registration.id)) == wording.NO_REGISTRATION


# --- announcements and consents ---


async def test_stopping_is_answered_at_once_in_the_middle_of_a_self_check(town: Town) -> None:
    firm = await town.firm()
    chat = await town.person(firm, channel="telegram", address="42")
    await chat.send(encode_choice("consent-on", "all"))
    assert len(await granted(town, firm.id)) == 7, "six categories and Telegram"
    await chat.say("自评", "机械加工")
    assert chat.state.check is not None
    asking = chat.state.check.asking
    said = await chat.say("TD")
    assert wording.STOPPED in said
    assert chat.state.check is not None
    assert chat.state.check.asking == asking
    assert chat.state.flow == "checking"
    assert await granted(town, firm.id) == {"telegram"}
    pair = ("telegram", "42")
    async with town.database.reading() as session:
        assert await addresses.opted_out(session, [pair], "financing") == {pair}
        count = await session.scalar(select(func.count()).select_from(ConsentRow).where(~ConsentRow.granted))
    assert count == 6, "each refusal is recorded once, however often it is said"
    await chat.command("stop")
    assert wording.OPTED_OUT in await chat.command("start")


async def test_subscribing_again_is_the_persons_own_choice(town: Town) -> None:
    firm = await town.firm()
    chat = await town.person(firm)
    await chat.command("stop")
    await chat.command("subscribe")
    pair = ("web", "s1")
    async with town.database.reading() as session:
        assert await addresses.opted_out(session, [pair], "financing") == frozenset()
    assert await granted(town, firm.id) == set()
    await chat.press("开启：融资")
    assert await granted(town, firm.id) == {"announce:financing"}


async def test_one_category_is_switched_without_the_others(town: Town) -> None:
    firm = await town.firm()
    chat = await town.person(firm)
    await chat.send(encode_choice("consent-on", "all"))
    assert "融资" in await chat.send(encode_choice("unsub", "financing"))
    kinds = await granted(town, firm.id)
    assert "announce:financing" not in kinds
    assert len(kinds) == 5
    await chat.command("stop")
    await chat.send(encode_choice("consent-on", "announce.event"))
    pair = ("web", "s1")
    async with town.database.reading() as session:
        assert await addresses.opted_out(session, [pair], "event") == frozenset()
        assert await addresses.opted_out(session, [pair], "financing") == {pair}


async def test_being_seen_is_switched_with_its_consequence_said(town: Town) -> None:
    firm = await town.firm()
    chat = await town.person(firm)
    said = await chat.say("授权与订阅")
    assert "看不到联系方式" in said
    assert "高校、金融机构" in said
    assert len(chat.labels) <= 8
    await chat.press("开启：可被合作方查看")
    assert await granted(town, firm.id) == {"visible"}
    await chat.press("关闭：可被合作方查看")
    assert await granted(town, firm.id) == set()
    async with town.database.reading() as session:
        rows = await session.execute(select(ConsentRow.kind, ConsentRow.granted, ConsentRow.via, ConsentRow.recipient))
        assert [(kind, on, via) for kind, on, via, _ in rows] == [("visible", True, "firm"), ("visible", False, "firm")]


async def test_a_blocked_address_is_written_to_again_after_start(town: Town) -> None:
    pair = ("telegram", "42")
    async with town.database.transaction() as session:
        await addresses.block(session, *pair, "blocked")
    await Chat(town, *pair).command("start")
    async with town.database.reading() as session:
        assert await addresses.blocked(session, [pair]) == frozenset()


# --- the inbox and the menu ---


async def test_the_inbox_shows_each_notice_once_and_none_is_lost_in_a_kill(town: Town) -> None:
    made = await town.firm()
    many = [offer(f"G{n}", "university", f"示例团队{n}号", provider=COLLEGE) for n in range(1, 8)]
    offers = await town.add(*many)
    async with town.database.transaction() as session:
        await set_visible(session, made.id, True, via="firm", source="示例")
    for each in offers:
        await town.introductions.ask(Actor("provider", COLLEGE), made.id, each.id)
    await town.deliver()
    chat = await town.person(made)
    await chat.say("菜单")
    assert wording.BUTTON_INBOX_UNREAD.format(count=7) in chat.labels
    await chat.press("收件箱")
    assert "有 7 条新消息" in chat.said
    assert offers[0].title in chat.said
    assert chat.labels.count("同意，交换联系方式") == 5
    assert offers[6].title not in chat.said
    await chat.say("收件箱")
    assert "有 2 条新消息" in chat.said
    assert offers[6].title in chat.said
    await chat.say("收件箱")
    assert wording.INBOX_RECENT in chat.said
    assert await town.inbox.unread([firm_inbox(made.id)]) == 0


async def test_somebody_elses_inbox_is_not_read(town: Town) -> None:
    chat = Chat(town)
    assert DESK in await chat.say("收件箱")
    linked = await town.person(await town.firm())
    assert await linked.say("收件箱") == wording.INBOX_EMPTY


async def test_the_menu_is_short_and_fits_who_asks(town: Town) -> None:
    chat = Chat(town)
    await chat.command("start")
    assert {"找合作", "绑定企业", "条件自评", "问政策"} <= set(chat.labels)
    assert len(chat.labels) <= 8
    linked = await town.person(await town.firm(), address="s2")
    await linked.command("start")
    assert {"找合作", "我的进展"} <= set(linked.labels)
    assert "绑定企业" not in linked.labels
    assert "/match" in await chat.command("help")


async def test_a_notice_is_answered_in_the_middle_of_a_self_check(town: Town) -> None:
    chat = await wanting(town)
    agree = chat.choice("同意").id
    await chat.say("自评", "机械加工")
    await chat.send(agree)
    assert await introductions(town) == [("asked", "firm")]
    assert chat.state.flow == "checking"
    assert dialogue_wording.CHECK_GOES_ON in chat.said
    await chat.say("想找做碳化钨涂层的团队")
    assert COATING.title in chat.said
    assert chat.state.flow == "checking"


async def test_without_partners_the_commands_say_so() -> None:
    dialogue = Dialogue(Advice(), self_check(), desk=DESK)
    for kind, given in (("command", {"text": "match"}), ("text", {"text": "退订"}), ("choice", {"choice": "want:1:1"})):
        message = IncomingMessage("web", "s", "1", kind, **given)  # type: ignore[arg-type]
        step = await dialogue.respond(State(), message)
        assert step.replies[0].text == wording.NOT_OPEN
    step = await dialogue.respond(State(), IncomingMessage("web", "s", "1", "text", "找高校"))
    assert step.replies[0].text == "答:找高校"


async def test_the_desks_answer_reaches_who_asked_without_being_linked(town: Town) -> None:
    chat = await town.person()
    intake = Intake()
    asked_for = await intake.prepare("示例问题")
    assert asked_for is not None
    async with town.database.transaction() as session:
        await intake.keep(session, asked_for, why="not_stated", region="430400", channel="web", address="s1")
    questions = OpenQuestions(town.database, DESK, {"web"})
    asked = (await questions.list())[0]
    await questions.answer(asked.id, "示例答复", OPERATOR)
    await questions.answer(asked.id, "示例答复", OPERATOR)
    assert await questions.count() == 0
    assert (await questions.list())[0].answered
    await town.deliver()
    await chat.command("start")
    assert any("收件箱（1）" in choice.label for choice in chat.choices)
    said = await chat.say("收件箱")
    assert said.count("示例答复") == 1
    assert "示例问题" in said
    other = await town.person(address="s2")
    assert "示例答复" not in await other.say("收件箱")
