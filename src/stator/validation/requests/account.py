"""The inputs of the operations that ask nothing: DescribeLimits and DescribeEndpoints."""

from typing import Final

from stator.validation.shape import Structure

DESCRIBE_LIMITS: Final = Structure("DescribeLimitsInput", {})

DESCRIBE_ENDPOINTS: Final = Structure("DescribeEndpointsRequest", {})
