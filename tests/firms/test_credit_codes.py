"""Credit codes are normalised and checked; numbers of identity cards are told apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.iso7064 import mod_11_2

from firms import credit_codes
from tests.firms.files import credit_code

CODE = credit_code(1)


def identity_number(body: str) -> str:
    return body + mod_11_2.calc_check_digit(body)


@pytest.mark.parametrize(
    "text",
    [CODE, CODE.lower(), " 91000099 MA0000001 7 ", "９１００００９９ＭＡ００００００１７", "91000099-MA0000001-7"],
)
def test_one_code_however_it_is_written(text: str) -> None:
    assert credit_codes.normalise(text) == CODE
    assert credit_codes.is_valid(credit_codes.normalise(text))


@pytest.mark.parametrize(
    "code", ["1" * 18, "0" * 17 + "1", CODE[:-1] + "0", CODE.replace("A", "O"), CODE[:-1], CODE + "0", ""]
)
def test_a_wrong_code_is_never_valid(code: str) -> None:
    assert not credit_codes.is_valid(code)


def test_codes_that_begin_with_a_letter_are_codes() -> None:
    body = "N2430422MF0000000"
    assert sum(credit_codes.is_valid(body + last) for last in "0123456789ABCDEFGHJKLMNPQRTUWXY") == 1


@given(st.integers(0, 9_999_999), st.integers(0, 17), st.sampled_from("0123456789ABCDEFGHJKLMNPQRTUWXY"))
def test_one_wrong_character_is_always_noticed(number: int, place: int, other: str) -> None:
    code = credit_code(number)
    changed = code[:place] + other + code[place + 1 :]
    assert credit_codes.is_valid(changed) == (changed == code)


@pytest.mark.parametrize(
    "code",
    [
        identity_number("00009919900307001"[:0] + "43040519900307001"),
        identity_number("11010119491231002"),
        "430405199003070010",  # a wrong check character: still a person's
        identity_number("11000000000000001"),
    ],
)
def test_an_identity_number_is_recognised(code: str) -> None:
    assert credit_codes.is_identity_number(code)


@given(st.integers(0, 9_999_999))
def test_a_firms_code_is_never_taken_for_a_person(number: int) -> None:
    assert not credit_codes.is_identity_number(credit_code(number))


@pytest.mark.parametrize("code", ["010000990000000012", "1" * 18, "91000099MA00000010", "123", ""])
def test_a_wrong_code_is_not_taken_for_a_person(code: str) -> None:
    assert not credit_codes.is_identity_number(code)
