"""Checks by which a run of digits proves to be an identity card, a bank card or a mobile number."""

_CARD_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CARD_CHECK = "10X98765432"


def identity_check_digit(first17: str) -> str:
    """The last character of an 18-digit identity card: ISO 7064 MOD 11-2 as in GB 11643-1999.

    >>> identity_check_digit("11010519491231002")
    'X'
    """
    return _CARD_CHECK[
        sum(int(digit) * weight for digit, weight in zip(first17, _CARD_WEIGHTS, strict=True)) % 11
    ]


def is_identity_card(number: str) -> bool:
    """Whether 18 characters without separators carry the right check digit."""
    return identity_check_digit(number[:17]) == number[17].upper()


def is_bank_card(digits: str) -> bool:
    """Whether the digits fulfil the Luhn formula (ISO/IEC 7812-1)."""
    total = 0
    for place, char in enumerate(reversed(digits)):
        value = int(char) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def is_evenly_written(written: str) -> bool:
    """Whether a number written with gaps looks like one number: one kind of separator, not a list of ranges.

    `138-0013-8000` and `1 3 8 0 0 1 3 8 0 0 0` are; `15-16 17-18 19-20` is not.
    """
    separators = {char for char in written if not char.isalnum() and char not in "+()（）"}
    if len(separators) > 1:
        return False
    if not separators:
        return True
    groups = [group for group in written.split(separators.pop()) if group]
    return len(groups) <= 5 or all(len(group) == 1 for group in groups)
