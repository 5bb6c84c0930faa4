"""Personal numbers that look real and pass their check digits, but belong to nobody."""

import random
import re

_IDENTITY_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_DRAWN = re.compile(
    r"1990000\d{4}|0590-555\d{4}|529901\d{11}[\dX]|620000\d{13}|闽Z\d{5}|user\d{3}@example\.com"
)
_IDENTITY_CHECKS = "10X98765432"


def draw_mobile(rng: random.Random) -> str:
    """A mobile number of a block that starts at zero, e.g. 19900001234."""
    return f"1990000{rng.randint(0, 9999):04d}"


def draw_landline(rng: random.Random) -> str:
    """A landline number with an area code nobody has."""
    return f"0590-555{rng.randint(0, 9999):04d}"


def draw_identity(rng: random.Random) -> str:
    """An identity number of GB 11643 with its check digit, of the division 529901 that does not exist."""
    born = f"{rng.randint(1950, 2004)}{rng.randint(1, 12):02d}{rng.randint(1, 28):02d}"
    digits = f"529901{born}{rng.randint(1, 999):03d}"
    total = sum(int(digit) * weight for digit, weight in zip(digits, _IDENTITY_WEIGHTS, strict=True))
    return digits + _IDENTITY_CHECKS[total % 11]


def draw_card(rng: random.Random) -> str:
    """A bank card number with its Luhn digit, of an issuer that does not exist."""
    digits = f"620000{rng.randint(0, 999_999_999_999):012d}"
    return digits + str(-sum(map(int, _luhn_digits(digits))) % 10)


def _luhn_digits(digits: str) -> str:
    """The digits that Luhn adds up when one check digit follows: every second from the right doubled."""
    return "".join(str(int(digit) * 2) if at % 2 == 0 else digit for at, digit in enumerate(reversed(digits)))


def draw_plate(rng: random.Random) -> str:
    """A number plate with the letter Z, which no city was given."""
    return f"闽Z{rng.randint(0, 99_999):05d}"


def draw_mail(rng: random.Random) -> str:
    """An address of the domain kept for examples."""
    return f"user{rng.randint(100, 999)}@example.com"


def find_private(text: str) -> tuple[str, ...]:
    """The numbers of this module that stand in a text, to check that none is left after masking."""
    return tuple(_DRAWN.findall(text))
