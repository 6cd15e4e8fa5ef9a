"""Fair market value: what a copy would most likely sell for, worked out from comparables. Pure; no database here.

one.py says how, row by row; catalogue.py does the same for many items at once; parameters.py holds every number of it.
"""

from apps.valuations.fair_value.catalogue import fair_values
from apps.valuations.fair_value.comparables import (
    BoolArray,
    Comparables,
    FairValue,
    FairValues,
    FloatArray,
    IntArray,
    NothingToGoBy,
    Weighed,
)
from apps.valuations.fair_value.one import fair_value, weighted_median
from apps.valuations.fair_value.parameters import (
    CONDITION_RATIOS,
    CONDITION_STEP,
    CONDITIONS,
    DISTANCES,
    ENOUGH,
    FAR,
    GRADERS,
    GRADES,
    HALF_LIVES,
    METHODS,
    MODEL_VERSION,
    PAIR_SHARE,
    RATIOS,
    SELLER_SHARE,
    Character,
    Kind,
    character,
    graded_figures,
    half_life,
    state_of,
)
from apps.valuations.fair_value.reasons import Basis, basis_of

__all__ = [
    "CONDITIONS",
    "CONDITION_RATIOS",
    "CONDITION_STEP",
    "DISTANCES",
    "ENOUGH",
    "FAR",
    "GRADERS",
    "GRADES",
    "HALF_LIVES",
    "METHODS",
    "MODEL_VERSION",
    "PAIR_SHARE",
    "RATIOS",
    "SELLER_SHARE",
    "Basis",
    "BoolArray",
    "Character",
    "Comparables",
    "FairValue",
    "FairValues",
    "FloatArray",
    "IntArray",
    "Kind",
    "NothingToGoBy",
    "Weighed",
    "basis_of",
    "character",
    "fair_value",
    "fair_values",
    "graded_figures",
    "half_life",
    "state_of",
    "weighted_median",
]
