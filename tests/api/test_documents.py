from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from urllib.parse import quote

import httpx
import pytest
import pytest_asyncio

from api import contract
from firms import keys
from firms.staff import Staffs
from knowledge.library import Metadata
from qiban.bootstrap import Services
from tests.api.conftest import PLAN, assert_problem, assert_shape

pytestmark = pytest.mark.asyncio(loop_scope="session")
URL = "/api/v1/documents"

ODD = (
    "\ufeff  云岭市\t扶持办法\r\n\r\n第一条　𠮷祥公司奖励１００万元。\r第二条\u2028其他\u0085\x0b事项👨‍👩‍👧。\n\n\n"
    "<b>&amp;</b>\u00a0 \n"
)


@pytest_asyncio.fixture(loop_scope="session")
async def odd(shared: Services) -> AsyncIterator[str]:
    """The id of a document whose text holds everything that a careless hand would tidy up."""
    report = await shared.library.add(ODD, Metadata(title="云岭市扶持办法", region="云岭市"))
    assert report.document_id is not None
    yield report.document_id
    await shared.library.remove(report.document_id)


async def test_the_list_has_records_without_texts(client: httpx.AsyncClient) -> None:
    listed = (await client.get(URL)).json()
    for item in listed:
        assert_shape(contract.DocumentSummary, item)
    plan = next(item for item in listed if item["id"] == PLAN)
    assert (plan["state"], plan["in_force"], plan["valid_to"]) == ("expired", False, "2025-12-31")


async def test_a_document_comes_with_its_clauses(client: httpx.AsyncClient) -> None:
    document = (await client.get(f"{URL}/{PLAN}")).json()
    assert_shape(contract.Document, document)
    text = (await client.get(f"{URL}/{PLAN}/text")).text
    clause = next(clause for clause in document["clauses"] if clause["path"] == "四（一）2")
    assert clause["label"] == "四、(一）2、"
    assert text[clause["start"] : clause["end"]].startswith("2、制造业企业上年度主营业务收入")


async def test_the_text_is_the_stored_text_byte_for_byte(client: httpx.AsyncClient, odd: str, shared: Services) -> None:
    for document_id, expected in ((odd, ODD), (PLAN, (await shared.library.get(PLAN)).text)):
        response = await client.get(f"{URL}/{document_id}/text")
        assert response.headers["content-type"] == "text/plain; charset=utf-8"
        assert response.content == expected.encode("utf-8")
    clauses = (await client.get(f"{URL}/{odd}")).json()["clauses"]
    cut = {clause["path"]: ODD[clause["start"] : clause["end"]] for clause in clauses}
    assert cut["第一条"] == "第一条　𠮷祥公司奖励１００万元。"


async def test_a_text_that_has_not_changed_is_not_sent_again(client: httpx.AsyncClient) -> None:
    first = await client.get(f"{URL}/{PLAN}/text")
    tag = first.headers["etag"]
    for known in (tag, f'W/{tag}, "other"'):
        again = await client.get(f"{URL}/{PLAN}/text", headers={"If-None-Match": known})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == tag
    other = await client.get(f"{URL}/{PLAN}/text", headers={"If-None-Match": '"other"'})
    assert other.content == first.content


@pytest.mark.parametrize("document_id", ["nope", "%00", "%ED%A0%80", "x" * 300, quote("不存在"), "..%2f..%2fetc"])
@pytest.mark.parametrize("tail", ["", "/text"])
async def test_an_unknown_document_is_a_404(client: httpx.AsyncClient, document_id: str, tail: str) -> None:
    problem = assert_problem(await client.get(f"{URL}/{document_id}{tail}"), 404, "not_found")
    assert "qiban knowledge" not in problem["detail"]


async def test_a_draft_is_not_shown(client: httpx.AsyncClient, shared: Services) -> None:
    report = await shared.library.add("第一条 尚未公布的内容。", Metadata(title="草案", region="云岭市", draft=True))
    try:
        assert report.document_id not in {item["id"] for item in (await client.get(URL)).json()}
        for path in (f"{URL}/{report.document_id}", f"{URL}/{report.document_id}/text"):
            assert_problem(await client.get(path), 404, "not_found")
        assert (await client.get(f"/documents/{report.document_id}")).status_code == 404
        assert "草案" not in (await client.get("/documents")).text
    finally:
        await shared.library.remove(report.document_id or "")


async def test_documents_say_where_they_stand_in_time(client: httpx.AsyncClient, shared: Services) -> None:
    old = await shared.library.add(
        "第一条 旧的规定。", Metadata(title="旧办法", region="云岭市", valid_from=date(2020, 1, 1))
    )
    new = await shared.library.add(
        "第一条 新的规定。",
        Metadata(title="新办法", region="云岭市", valid_from=date(2026, 1, 1), supersedes=old.document_id),
    )
    later = await shared.library.add(
        "第一条 将来的规定。", Metadata(title="将来办法", region="云岭市", valid_from=date(2027, 1, 1))
    )
    ids = [old.document_id, new.document_id, later.document_id]
    try:
        states = {item["id"]: item["state"] for item in (await client.get(URL)).json()}
        assert [states[one or ""] for one in ids] == ["superseded", "in_force", "not_yet"]
        page = (await client.get(f"/documents/{old.document_id}")).text
        assert f'href="/documents/{new.document_id}"' in page
        assert "尚未生效" in (await client.get(f"/documents/{later.document_id}")).text
        assert 'role="note"' not in (await client.get(f"/documents/{new.document_id}")).text
    finally:
        for one in reversed(ids):
            await shared.library.remove(one or "")


# --- taking one in ---

OLD = (
    "望川市小企业认定办法\n望工信发〔2021〕12号\n第一条 奖励20万元。\n第二条 本办法自2021年5月1日起施行，有效期5年。\n"
    "2021年4月20日\n"
)
NEW = (
    "望川市小企业认定管理办法\n望工信规〔2025〕3号\n第一条 奖励15万元。\n第二条 本办法自2025年7月1日起施行，"
    "《望川市小企业认定办法》（望工信发【2021】12号）同时废止。\n2025年6月10日\n"
)


@pytest_asyncio.fixture(loop_scope="session")
async def key(shared: Services) -> str:
    """A key of an editor of the whole area."""
    async with shared.database.transaction() as session:
        return await keys.create(session, "staff", "示例接口")


async def post(client: httpx.AsyncClient, key: str, data: bytes, **fields: str) -> httpx.Response:
    files = {"file": ("办法.txt", data, "text/plain")}
    return await client.post(URL, data=fields, files=files, headers={"Authorization": f"Bearer {key}"})


async def test_a_document_goes_in_over_the_api_with_its_report(
    client: httpx.AsyncClient, shared: Services, key: str
) -> None:
    response = await post(client, key, NEW.encode("gb18030"))
    assert response.status_code == 201
    report = response.json()
    assert_shape(contract.IngestionOut, report)
    assert (report["status"], report["coverage"], report["read"]["valid_from"]) == ("ready", 1.0, "2025-07-01")
    assert "target_unknown" in {warning["code"] for warning in report["warnings"]}
    old = (await post(client, key, OLD.encode(), issuer="望川市示例局")).json()
    try:
        again = await post(client, key, OLD.replace("\n", "\r\n").encode())
        assert (again.status_code, again.json()["duplicate_of"]) == (200, old["document_id"])
        shown = (await client.get(f"{URL}/{report['document_id']}")).json()
        assert [(one["kind"], one["target_id"]) for one in shown["relations"]] == [("supersedes", old["document_id"])]
        replaced = (await client.get(f"{URL}/{old['document_id']}")).json()
        assert (replaced["state"], replaced["issuer"]) == ("superseded", "望川市示例局")
    finally:
        await shared.library.remove(report["document_id"])
        await shared.library.remove(old["document_id"])


@pytest.mark.parametrize(
    ("data", "fields", "code"),
    [
        (b"", {}, "empty_file"),
        (NEW.encode(), {"level": "乡级"}, "bad_input"),
        (NEW.encode(), {"supersedes": "doc-none"}, "not_found"),
        (NEW.encode(), {"issued": "2025-02-30"}, "invalid"),
        (NEW.encode(), {"source": "javascript:alert(1)"}, "invalid"),
    ],
)
async def test_what_cannot_go_in_is_a_problem_with_a_code_and_leaves_nothing(
    client: httpx.AsyncClient, shared: Services, key: str, data: bytes, fields: dict[str, str], code: str
) -> None:
    before = len(await shared.library.list())
    response = await post(client, key, data, **fields)
    assert response.status_code == (404 if code == "not_found" else 422)
    assert code == "invalid" or response.json()["code"] == code
    assert len(await shared.library.list()) == before


async def test_only_staff_of_the_whole_area_may_take_documents_in(client: httpx.AsyncClient, shared: Services) -> None:
    nobody = await client.post(URL, files={"file": ("a.txt", NEW.encode())})
    assert_problem(nobody, 401, "key_required")
    async with shared.database.transaction() as session:
        await Staffs(shared.database).add(session, "示例县级接口", "editor", "430422")
        county = await keys.create(session, "staff", "示例县级接口")
    assert_problem(await post(client, county, NEW.encode()), 403, "whole_area_only")
