"""The default for dense daily series: weekdays, holidays and trend, past outbreaks weighed down.

A quasi-Poisson regression as in seasonal.py (Noufaily et al. 2013) on the kinds of day of some weeks instead
of the waves of some years. A public holiday counts as a Sunday, a Saturday worked for one as a Friday.
"""

from collections.abc import Sequence
from datetime import date

import numpy as np

from alerts.detectors.bayes import Counts, Verdict, judge_count
from alerts.detectors.glm import Fit, anscombe, fit_quasi_poisson, outlier_weights
from schemas.holidays import DayKind, day_kind

# Eight weeks show each weekday often enough; below two posts a day there is no weekly pattern to learn.
LEAST_DAYS, LEAST_MEAN = 56, 2.0
# The latest days are not learned from, lest a rise hide itself.
LEFT_OUT = 3
_THRESHOLD, _ROUNDS = 2.58, 2
_FRIDAY, _SUNDAY, _KINDS = 4, 6, 7
# The negative binomial nears the Poisson where its variance is hardly above the mean.
_LEAST_PHI = 1.001


def is_dense(counts: Counts, days: Sequence[date], day: date) -> bool:
    """Whether so many daily counts, newest first, show a weekly pattern; and the kind of `day` among them."""
    learned = counts[LEFT_OUT:]
    if len(learned) < LEAST_DAYS or float(learned.mean()) < LEAST_MEAN:
        return False
    return kind_number(day) in {kind_number(one) for one in days[LEFT_OUT:]}


def predict_daily(counts: Counts, days: Sequence[date], day: date, observed: int, p: float) -> Verdict:
    """Judge the count of one day by those of the days before, newest first, each with its date.

    Raises ValueError where there are too few days.
    """
    if len(counts) <= LEFT_OUT + _KINDS + 1:
        raise ValueError("more days are needed")
    learned, known = counts[LEFT_OUT:], days[LEFT_OUT:]
    ages = np.array([(day - one).days for one in known], dtype=np.float64)
    longest = float(ages.max())
    fit = _fit(_design(known, ages / longest), learned)
    mu = float(np.exp(min(float(_design([day], np.zeros(1))[0] @ fit.beta), 20.0)))
    phi = max(fit.phi, _LEAST_PHI)
    return judge_count(mu, mu / (phi - 1), 1 / phi, observed, p)


def kind_number(day: date) -> int:
    """The weekday, Monday 0, that a day is like."""
    kind = day_kind(day)
    if kind is DayKind.HOLIDAY:
        return _SUNDAY
    return min(day.weekday(), _FRIDAY) if kind is DayKind.WORK else day.weekday()


def _design(days: Sequence[date], ages: Counts) -> Counts:
    kinds = np.eye(_KINDS)[[kind_number(day) for day in days]]
    return np.column_stack([kinds, ages])


def _fit(design: Counts, counts: Counts) -> Fit:
    fit = fit_quasi_poisson(design, counts, np.ones(len(counts)))
    for _ in range(_ROUNDS):
        fit = fit_quasi_poisson(design, counts, outlier_weights(anscombe(fit, counts), _THRESHOLD))
    return fit
