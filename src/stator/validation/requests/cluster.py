"""The input of Stator's own operation on the cluster."""

from typing import Final

from stator.validation.shape import Structure

DESCRIBE_CLUSTER: Final = Structure("DescribeClusterRequest", {})
