"""Links of the OpenAPI document: what can be done with a row that was just created."""

from typing import Any

JSON = dict[str, Any]


def add_links(document: JSON) -> None:
    """From a new row to the operations on it: read, change, delete, actions."""
    paths = document["paths"]
    for path, operations in paths.items():
        row = f"{path}{{id}}/"
        if row not in paths:
            continue
        targets = [
            operation
            for other, others in paths.items()
            if other.startswith(row) and other.count("{") == 1
            for operation in others.values()
        ]
        answer = operations.get("post", {}).get("responses", {}).get("201")
        if answer is not None:
            answer["links"] = _links(targets)


def _links(targets: list[JSON]) -> JSON:
    return {
        target["operationId"]: {
            "operationId": target["operationId"],
            "parameters": {"id": "$response.body#/id"},
            "description": target.get("summary", ""),
        }
        for target in targets
    }
