"""Numbers as .NET writes and reads them."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtui.formats import numbers

floats32 = st.floats(width=32, allow_nan=False, allow_infinity=False)


def test_five_decimals_round_the_float32_with_ties_to_even() -> None:
    values = [0.015625, 0.046875, 1.015625, 100.984375, 12345.678, -1e-6, -0.0, 99999.999]
    expected = "0.01562 0.04688 1.01562 100.98438 12345.67773 -0.00000 -0.00000 100000.00000"
    assert numbers.f5_text(values) == expected.split()


def test_five_decimals_of_what_is_not_a_number() -> None:
    assert numbers.f5_text([np.nan, np.inf, -np.inf, 1.5]) == ["NaN", "Infinity", "-Infinity", "1.50000"]
    assert numbers.f5_text([]) == []


@settings(max_examples=50, deadline=None)
@given(st.lists(floats32, min_size=1, max_size=30))
def test_five_decimals_agree_with_python(values: list[float]) -> None:
    assert numbers.f5_text(values) == [f"{value:.5f}" for value in values]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(-1e6, 1e6, width=32), min_size=1, max_size=30))
def test_values_as_written_are_what_the_text_reads_back_to(values: list[float]) -> None:
    read = np.array([np.float32(float(text)) for text in numbers.f5_text(values)])
    np.testing.assert_array_equal(numbers.f5_values(values).view(np.uint32), read.view(np.uint32))
    np.testing.assert_array_equal(numbers.f5_values(read), read)


def test_text_arrays_keep_their_shape() -> None:
    assert numbers.f5_array(np.arange(6).reshape(3, 2)).tolist()[2] == ["4.00000", "5.00000"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [("0.125", "0.13"), ("1.005", "1.01"), ("-0.125", "-0.13"), ("1e30", "1" + "0" * 30 + ".00")],
)
def test_fixed_decimals_round_ties_away_from_zero(value: str, expected: str) -> None:
    assert numbers.fixed_text(Decimal(value), 2) == expected


def test_decimals_have_no_exponent() -> None:
    assert numbers.decimal_text(Decimal("5E-5")) == "0.00005"
    assert numbers.decimal_text(Decimal("300.0")) == "300.0"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.1, "0.1"),
        (-16.02326, "-16.02326"),
        (1e-5, "1E-05"),
        (1e-4, "0.0001"),
        (1e7, "1E+07"),
        (12345678.0, "12345678"),
        (0.0, "0"),
        (-0.0, "-0"),
        (41.0, "41"),
    ],
)
def test_shortest_text_as_dotnet_has_it(value: float, expected: str) -> None:
    assert numbers.float_text(value) == expected


@settings(max_examples=50, deadline=None)
@given(floats32)
def test_shortest_text_reads_back(value: float) -> None:
    assert np.float32(numbers.parse_float(numbers.float_text(value))) == np.float32(value)


@settings(max_examples=50, deadline=None)
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_number_text_reads_back_to_the_double(value: float) -> None:
    assert numbers.parse_float(numbers.number_text(value)) == value


def test_parsing_accepts_what_m_accepts() -> None:
    assert numbers.parse_decimal(" 0.0252866887649325 ") == Decimal("0.0252866887649325")
    assert str(numbers.parse_decimal("300.0")) == "300.0"
    assert numbers.parse_float("1E-05") == 1e-5
    assert numbers.parse_int("-1") == -1
    assert numbers.parse_bool(" false ") is False
    assert numbers.parse_floats("-0.1, 2,3") == (-0.1, 2.0, 3.0)


@pytest.mark.parametrize(
    ("parse", "text", "reason"),
    [
        (numbers.parse_decimal, "1,5", "decimal comma"),
        (numbers.parse_float, "-85,60053", "decimal comma"),
        (numbers.parse_decimal, "1E-05", "exponent"),
        (numbers.parse_decimal, "", "plain decimal"),
        (numbers.parse_float, "nan", "must be a number"),
        (numbers.parse_float, "1_000", "must be a number"),
        (numbers.parse_float, "٣", "must be a number"),
        (numbers.parse_int, "1.0", "whole number"),
        (numbers.parse_bool, "1", "True or False"),
        (numbers.parse_floats, "1, x", "must be a number"),
    ],
)
def test_parsing_refuses_with_a_reason(parse: object, text: str, reason: str) -> None:
    assert callable(parse)
    with pytest.raises(ValueError, match=reason):
        parse(text)
