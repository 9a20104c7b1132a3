"""Uses the API through the client that openapi-python-client made of its description."""

import json
import os
from http import HTTPStatus
from pathlib import Path

from raid_client import AuthenticatedClient
from raid_client.api.raids import list_raids, mint_raid, read_raid, update_raid
from raid_client.api.service_points import list_service_points
from raid_client.models import (
    FailureResponse,
    RaidCreateRequest,
    RaidDto,
    RaidUpdateRequest,
    ServicePoint,
    ValidationFailure,
    ValidationFailureResponse,
)

EXAMPLE = Path(__file__).parents[3] / "examples" / "raid-min.json"


def main() -> None:
    client = AuthenticatedClient(base_url=os.environ["RAID_URL"], token=os.environ["RAID_USER_TOKEN"])
    example = json.loads(EXAMPLE.read_text())

    minted = mint_raid.sync_detailed(client=client, body=RaidCreateRequest.from_dict(example))
    assert minted.status_code == HTTPStatus.CREATED, minted
    raid = minted.parsed
    assert isinstance(raid, RaidDto)
    assert minted.headers["Location"] == raid.identifier.id
    assert raid.title[0].text == example["title"][0]["text"]
    assert raid.identifier.version == 1

    prefix, suffix = raid.identifier.id.split("/")[-2:]
    read = read_raid.sync(prefix, suffix, client=client)
    assert isinstance(read, RaidDto)
    assert read.to_dict() == raid.to_dict()

    changed = RaidUpdateRequest.from_dict(raid.to_dict())
    changed.title[0].text = "Written by a generated client"
    updated = update_raid.sync(prefix, suffix, client=client, body=changed)
    assert isinstance(updated, RaidDto)
    assert updated.identifier.version == 2
    assert updated.title[0].text == "Written by a generated client"

    stale = update_raid.sync_detailed(
        prefix, suffix, client=client, body=with_title(changed, "On top of an old version")
    )
    assert stale.status_code == HTTPStatus.CONFLICT, stale
    assert isinstance(stale.parsed, FailureResponse)
    assert stale.parsed.current_version == 2

    raids = list_raids.sync(client=client)
    assert isinstance(raids, list)
    assert [one.identifier.id for one in raids if isinstance(one, RaidDto)].count(raid.identifier.id) == 1

    points = list_service_points.sync(client=client)
    assert isinstance(points, list)
    names = [point.name for point in points if isinstance(point, ServicePoint)]
    assert "RAiD Demo Service Point" in names, names

    wrong = RaidCreateRequest.from_dict(example)
    wrong.title[0].text = ""
    wrong.date.start_date = ""
    refused = mint_raid.sync_detailed(client=client, body=wrong)
    assert refused.status_code == HTTPStatus.BAD_REQUEST, refused
    problem = refused.parsed
    assert isinstance(problem, ValidationFailureResponse)
    assert isinstance(problem.failures, list)
    assert all(isinstance(failure, ValidationFailure) for failure in problem.failures)
    assert sorted(failure.field_id for failure in problem.failures) == ["date.startDate", "title[0].text"]
    print("the Python client works")


def with_title(request: RaidUpdateRequest, text: str) -> RaidUpdateRequest:
    copy = RaidUpdateRequest.from_dict(request.to_dict())
    copy.title[0].text = text
    return copy


main()
