"""The arithmetic, against the vectors of the RFCs and by properties."""

import hmac
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otphandler.totp import (
    Algorithm,
    Parameters,
    Tolerance,
    accepted_steps,
    code_at,
    is_well_formed,
    matching_step,
    new_secret,
    provisioning_uri,
    step_at,
    to_base32,
    unix_seconds,
)

# RFC 6238 Appendix A, the code: one seed per algorithm. The 20-byte seed of the text is an erratum.
SEEDS = {
    Algorithm.SHA1: b"12345678901234567890",
    Algorithm.SHA256: b"12345678901234567890123456789012",
    Algorithm.SHA512: b"1234567890123456789012345678901234567890123456789012345678901234",
}
# RFC 6238 Appendix B: Unix time, then the code of SHA-1, SHA-256 and SHA-512.
RFC_6238 = [
    (59, "94287082", "46119246", "90693936"),
    (1111111109, "07081804", "68084774", "25091201"),
    (1111111111, "14050471", "67062674", "99943326"),
    (1234567890, "89005924", "91819424", "93441116"),
    (2000000000, "69279037", "90698825", "38618901"),
    (20000000000, "65353130", "77737706", "47863826"),
]
# RFC 4226 Appendix D: the codes of the counters 0 to 9.
RFC_4226 = ["755224", "287082", "359152", "969429", "338314"]
RFC_4226 += ["254676", "287922", "162583", "399871", "520489"]

PARAMETERS = Parameters(Algorithm.SHA1, digits=6, period_s=30)
SECRET = SEEDS[Algorithm.SHA1]


@pytest.mark.parametrize(
    ("unix_s", "algorithm", "code"),
    [
        (unix_s, algorithm, code)
        for unix_s, *codes in RFC_6238
        for algorithm, code in zip(Algorithm, codes, strict=True)
    ],
)
def test_the_18_vectors_of_rfc_6238(unix_s: int, algorithm: Algorithm, code: str) -> None:
    parameters = Parameters(algorithm, digits=8, period_s=30)
    assert code_at(SEEDS[algorithm], step_at(unix_s, 30), parameters) == code


@pytest.mark.parametrize(("counter", "code"), list(enumerate(RFC_4226)))
def test_the_10_vectors_of_rfc_4226(counter: int, code: str) -> None:
    assert code_at(SECRET, counter, PARAMETERS) == code


@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_a_secret_is_as_long_as_the_hmac(algorithm: Algorithm) -> None:
    assert len(new_secret(algorithm)) == {"SHA1": 20, "SHA256": 32, "SHA512": 64}[algorithm]


def test_no_secret_is_like_another() -> None:
    assert len({new_secret(Algorithm.SHA1) for _ in range(100)}) == 100


@pytest.mark.parametrize(
    ("unix_s", "oldest", "newest"), [(59, 0, 2), (60, 1, 3), (89, 1, 3), (90, 2, 4)]
)
def test_the_window_of_the_authenticator_profile_is_three_steps(
    unix_s: int, oldest: int, newest: int
) -> None:
    steps = accepted_steps(unix_s, PARAMETERS, Tolerance(past_s=30, future_s=30))
    assert (steps[0], steps[-1]) == (oldest, newest)


@pytest.mark.parametrize(
    ("unix_s", "oldest", "newest"),
    [(150, 9, 10), (161, 9, 10), (162, 10, 11), (163, 10, 11), (164, 10, 11), (165, 10, 11)],
)
def test_a_code_of_the_gate_profile_lives_for_30_seconds(
    unix_s: int, oldest: int, newest: int
) -> None:
    parameters = Parameters(Algorithm.SHA1, digits=8, period_s=15)
    steps = accepted_steps(unix_s, parameters, Tolerance(past_s=12, future_s=3))
    assert (steps[0], steps[-1]) == (oldest, newest)


def test_no_step_before_the_epoch_is_accepted() -> None:
    assert accepted_steps(0, PARAMETERS, Tolerance(past_s=30, future_s=0)) == range(0, 1)


@pytest.mark.parametrize(
    "code",
    [
        *[123456, 123456.0, ["123456"], None, True],
        *["", "12345", "1234567", " 123456", "123456 ", "123 56", "12345\n"],
        *["+12345", "-12345", "1_3456", "0x1234", "１２３４５６", "¹²³⁴⁵⁶", "१२३४५६"],
    ],
)
def test_what_is_not_exactly_six_ascii_digits_is_no_code(code: object) -> None:
    assert not is_well_formed(code, 6)


def test_leading_zeros_belong_to_the_code() -> None:
    assert is_well_formed("000042", 6)


def test_the_newest_match_counts() -> None:
    # Two steps of one window with the same code: found by search, so that nothing is pretended.
    parameters = Parameters(Algorithm.SHA1, digits=6, period_s=30)
    seen: dict[str, int] = {}
    for step in range(5000):
        code = code_at(SECRET, step, parameters)
        if code in seen:
            break
        seen[code] = step
    assert matching_step(SECRET, code, range(seen[code], step + 1), parameters) == step


def test_every_candidate_is_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[str] = []
    real = hmac.compare_digest

    def counting(left: str, right: str) -> bool:
        compared.append(left)
        return real(left, right)

    monkeypatch.setattr(hmac, "compare_digest", counting)
    matching_step(SECRET, code_at(SECRET, 5, PARAMETERS), range(5, 8), PARAMETERS)
    assert len(compared) == 3


@given(step=st.integers(0, 2**40), digits=st.integers(6, 8), algorithm=st.sampled_from(Algorithm))
def test_a_code_matches_its_own_step_and_is_well_formed(
    step: int, digits: int, algorithm: Algorithm
) -> None:
    parameters = Parameters(algorithm, digits, 30)
    code = code_at(SECRET, step, parameters)
    assert is_well_formed(code, digits)
    assert matching_step(SECRET, code, range(step, step + 1), parameters) == step


@given(
    unix_s=st.integers(0, 2**40),
    period_s=st.integers(15, 60),
    past_s=st.integers(0, 120),
    future_s=st.integers(0, 120),
)
def test_the_window_holds_exactly_the_steps_whose_time_overlaps_it(
    unix_s: int, period_s: int, past_s: int, future_s: int
) -> None:
    parameters = Parameters(Algorithm.SHA1, 6, period_s)
    steps = accepted_steps(unix_s, parameters, Tolerance(past_s, future_s))
    for step in range(max(steps[0] - 1, 0), steps[-1] + 2):
        overlaps = step * period_s <= unix_s + future_s
        overlaps &= (step + 1) * period_s > unix_s - past_s
        assert (step in steps) == overlaps


def test_seconds_are_counted_without_floating_point() -> None:
    late = datetime(2286, 11, 20, 17, 46, 39, 999_999, tzinfo=UTC)
    assert unix_seconds(late) == 9_999_999_999


def test_the_key_uri_names_all_that_differs_from_the_defaults() -> None:
    parameters = Parameters(Algorithm.SHA256, digits=8, period_s=15)
    uri = provisioning_uri(SECRET, parameters, account="ada@example.org", issuer="Night & Day")
    assert uri.startswith("otpauth://totp/Night%20%26%20Day:ada%40example.org?")
    for part in (f"secret={to_base32(SECRET)}", "algorithm=SHA256", "digits=8", "period=15"):
        assert part in uri
