"""The inputs of TagResource, UntagResource and ListTagsOfResource."""

from typing import Final

from stator.validation.requests.member import TEXT
from stator.validation.requests.table_member import TAG_KEY, TAGS
from stator.validation.shape import List, Structure, required
from stator.validation.table_name import ResourceArn

_RESOURCE_ARN: Final = ResourceArn()

TAG_RESOURCE: Final = Structure("TagResourceInput", {"ResourceArn": required(_RESOURCE_ARN), "Tags": required(TAGS)})

UNTAG_RESOURCE: Final = Structure(
    "UntagResourceInput", {"ResourceArn": required(_RESOURCE_ARN), "TagKeys": required(List(TAG_KEY))}
)

LIST_TAGS_OF_RESOURCE: Final = Structure(
    "ListTagsOfResourceInput", {"ResourceArn": required(_RESOURCE_ARN), "NextToken": TEXT}
)
