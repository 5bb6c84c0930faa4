"""Quasi-Poisson regression, log link, by iteratively reweighted least squares (McCullagh & Nelder 1989)."""

from dataclasses import dataclass

import numpy as np

from alerts.detectors.bayes import Counts

_ROUNDS = 30
_ENOUGH = 1e-7
_LOWEST, _HIGHEST = -12.0, 25.0


@dataclass(frozen=True, slots=True)
class Fit:
    """Coefficients, their covariance without the dispersion, expected counts, leverages, and the dispersion
    (at least 1)."""

    beta: Counts
    covariance: Counts
    mu: Counts
    leverage: Counts
    phi: float


def fit_quasi_poisson(design: Counts, counts: Counts, weights: Counts) -> Fit:
    """Fit log mu = design @ beta with prior `weights`."""
    mu: Counts = np.maximum(counts, 0.1)
    eta: Counts = np.log(mu)
    beta: Counts = np.zeros(design.shape[1])
    for _ in range(_ROUNDS):
        working = weights * mu
        scaled = design * working[:, None]
        information = design.T @ scaled + 1e-9 * np.eye(design.shape[1])
        before = beta
        beta = np.asarray(
            np.linalg.solve(information, scaled.T @ (eta + (counts - mu) / mu)), dtype=np.float64
        )
        eta = np.clip(design @ beta, _LOWEST, _HIGHEST)
        mu = np.exp(eta)
        if np.abs(beta - before).max() < _ENOUGH:
            break
    information = design.T @ (design * (weights * mu)[:, None]) + 1e-9 * np.eye(len(beta))
    covariance = np.asarray(np.linalg.inv(information), dtype=np.float64)
    leverage = weights * mu * ((design @ covariance) * design).sum(axis=1)
    freedom = max(len(counts) - design.shape[1], 1)
    phi = float((weights * (counts - mu) ** 2 / mu).sum() / freedom)
    return Fit(beta, covariance, mu, leverage, max(phi, 1.0))


def anscombe(fit: Fit, counts: Counts) -> Counts:
    """Anscombe residuals, standardised: 1.5 (y^⅔ mu^-⅙ - mu^½) / sqrt(phi (1 - h))."""
    rest = np.maximum(fit.phi * (1 - fit.leverage), 1e-6)
    return 1.5 * (counts ** (2 / 3) * fit.mu ** (-1 / 6) - np.sqrt(fit.mu)) / np.sqrt(rest)


def outlier_weights(residuals: Counts, threshold: float) -> Counts:
    """gamma s^-2 for residuals above the threshold, gamma for the others; they sum to n."""
    weights = np.where(residuals > threshold, 1 / np.maximum(residuals, 1e-9) ** 2, 1.0)
    return np.asarray(weights * (len(weights) / weights.sum()), dtype=np.float64)
