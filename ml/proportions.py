"""How much a share of successes says: intervals for one share and for the difference of two."""

import math

Z95 = 1.959963984540054


def wilson(successes: int, trials: int, *, z: float = Z95) -> tuple[float, float]:
    """The interval of the true share after `successes` of `trials`; 95 % unless told. (0, 1) where nothing was tried.

    Raises ValueError unless 0 <= successes <= trials. Source: Wilson, "Probable inference, the law of succession, and
    statistical inference", JASA 22 (1927).
    """
    if not 0 <= successes <= trials:
        raise ValueError(f"{successes} of {trials} is no share.")
    if not trials:
        return 0.0, 1.0
    share, square = successes / trials, z * z
    middle = (share + square / (2 * trials)) / (1 + square / trials)
    reach = z / (1 + square / trials) * math.sqrt(share * (1 - share) / trials + square / (4 * trials**2))
    # at the ends the bound is exact, and rounding must not push it beyond
    low = 0.0 if successes == 0 else max(0.0, middle - reach)
    high = 1.0 if successes == trials else min(1.0, middle + reach)
    return low, high


def difference(first: tuple[int, int], second: tuple[int, int], *, z: float = Z95) -> tuple[float, float]:
    """The interval of the first share minus the second, each (successes, trials); (-1, 1) where one was never tried.

    Raises ValueError as `wilson`. Source: Newcombe, "Interval estimation for the difference between independent
    proportions", Statistics in Medicine 17 (1998), method 10.
    """
    (low1, high1), (low2, high2) = wilson(*first, z=z), wilson(*second, z=z)
    if not first[1] or not second[1]:
        return -1.0, 1.0
    share1, share2 = first[0] / first[1], second[0] / second[1]
    between = share1 - share2
    return (
        max(-1.0, between - math.hypot(share1 - low1, high2 - share2)),
        min(1.0, between + math.hypot(high1 - share1, share2 - low2)),
    )
